#include <cohort/board/journal.hpp>

#include <cohort/board/arena.hpp>
#include <cohort/board/detail/sealed_memory.hpp>
#include <cohort/board/layout.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace cohort::board {

namespace {

constexpr std::size_t rounded(std::size_t bytes) noexcept
{
    return (bytes + journal::block_bytes - 1) / journal::block_bytes * journal::block_bytes;
}

/// Where the parts begin. All on borders of blocks, so that parts share no page.
constexpr std::size_t records_at = rounded(sizeof(journal_header));

constexpr std::size_t log_at(std::size_t records) noexcept
{
    return records_at + rounded(records * sizeof(connection_record));
}

constexpr std::size_t arena_at(std::size_t records) noexcept
{
    return log_at(records) + rounded(journal::log_bytes);
}

constexpr std::size_t size_for(std::size_t records, std::size_t blocks) noexcept
{
    return arena_at(records) + blocks * journal::block_bytes;
}

constexpr std::size_t blocks_max = journal::arena_bytes_max / journal::block_bytes;

/// The words that never change, read once: a wild pointer may write them later.
struct measures {
    std::uint64_t magic = 0;
    std::uint64_t size = 0;
    std::uint32_t layout = 0;
    std::uint32_t records = 0;
    std::uint32_t blocks = 0;
    std::uint32_t slot = 0;
};
static_assert(offsetof(journal_header, slot) == offsetof(measures, slot));
static_assert(sizeof(measures) == 32);

result<> check(const measures& head, std::size_t size)
{
    if (head.magic != journal_magic)
        return detail::refuse("not a journal");
    if (head.layout != journal_layout_number)
        return detail::refuse("journal layout " + std::to_string(head.layout));
    if (head.records < 1 || head.records > journal::records_max || head.blocks < 1 ||
        head.blocks > blocks_max || head.slot >= slots_max)
        return detail::refuse("journal out of range");
    if (head.size != size || size_for(head.records, head.blocks) != size)
        return detail::refuse("size and parts of the journal disagree");
    return {};
}

/// In no core dump: writing one gives memory to every hole, and all of it would be waited for.
void leave_out_of_dumps(const detail::sealed_memory& memory) noexcept
{
    ::madvise(memory.bytes() + records_at, memory.size() - records_at, MADV_DONTDUMP);
}

bool is_standing(standing what) noexcept { return what <= standing::foreign; }

}  // namespace

struct journal::state {
    state(detail::sealed_memory of, const measures& head)
        : memory{std::move(of)},
          records{head.records},
          blocks{memory.bytes() + arena_at(head.records), head.blocks, block_bytes}
    {}

    detail::sealed_memory memory;
    std::uint32_t records;
    arena blocks;
};

journal::journal(std::unique_ptr<state> of) noexcept
    : state_{std::move(of)}
{}
journal::journal(journal&&) noexcept = default;
journal& journal::operator=(journal&&) noexcept = default;
journal::~journal() = default;

result<journal> journal::create(const plan& what)
{
    if (what.records < 1 || what.records > records_max || what.arena_bytes < block_bytes ||
        what.arena_bytes > arena_bytes_max || what.slot >= slots_max)
        return failed(errc::bad_value, "make a journal");
    measures head;
    head.magic = journal_magic;
    head.layout = journal_layout_number;
    head.records = what.records;
    head.blocks = static_cast<std::uint32_t>(what.arena_bytes / block_bytes);
    head.slot = what.slot;
    head.size = size_for(head.records, head.blocks);

    auto memory = detail::sealed_memory::create("cohort-journal", head.size);
    if (!memory)
        return std::unexpected(std::move(memory).error());
    new (memory->bytes()) journal_header{};
    std::memcpy(memory->bytes(), &head, sizeof head);
    leave_out_of_dumps(*memory);
    return journal{std::make_unique<state>(std::move(*memory), head)};
}

result<journal> journal::attach(unique_fd fd)
{
    auto memory = detail::sealed_memory::attach(
        std::move(fd), {size_for(1, 1), size_for(records_max, blocks_max)});
    if (!memory)
        return std::unexpected(std::move(memory).error());
    measures head;
    std::memcpy(&head, memory->bytes(), sizeof head);
    if (auto fits = check(head, memory->size()); !fits)
        return std::unexpected(std::move(fits).error());
    leave_out_of_dumps(*memory);
    return journal{std::make_unique<state>(std::move(*memory), head)};
}

const unique_fd& journal::fd() const noexcept { return state_->memory.fd(); }

journal_header& journal::header() const noexcept
{
    return *std::launder(reinterpret_cast<journal_header*>(state_->memory.bytes()));
}

std::uint32_t journal::records() const noexcept { return state_->records; }

std::uint32_t journal::blocks() const noexcept { return state_->blocks.blocks(); }

connection_record* journal::record(int descriptor) const noexcept
{
    if (descriptor < 0 || static_cast<std::uint32_t>(descriptor) >= state_->records)
        return nullptr;
    std::byte* at = state_->memory.bytes() + records_at +
                    static_cast<std::size_t>(descriptor) * sizeof(connection_record);
    return std::launder(reinterpret_cast<connection_record*>(at));
}

std::span<std::byte> journal::log_memory() const noexcept
{
    return {state_->memory.bytes() + log_at(state_->records), log_bytes};
}

std::vector<int> journal::take_stock(std::span<const int> live)
{
    arena& blocks = state_->blocks;
    blocks.clear();
    std::vector<int> sorted(live.begin(), live.end());
    std::ranges::sort(sorted);
    const auto repeated = std::ranges::unique(sorted);
    sorted.erase(repeated.begin(), repeated.end());

    // First who claims what, then who may have it: an extent that two records claim holds the bytes
    // of one client, and must not reach the other.
    struct claimant {
        int descriptor;
        std::array<extent, 2> parts;
    };
    std::vector<claimant> claimants;
    std::vector<int> refused;
    block_map once{blocks.blocks()};
    block_map twice{blocks.blocks()};
    for (const int descriptor : sorted) {
        const connection_record* of = record(descriptor);
        if (!of || !is_standing(of->state().now)) {
            refused.push_back(descriptor);
            continue;
        }
        const connection_state now = of->state();
        if (now.now == standing::free)
            continue;
        const claimant who{descriptor, {now.input, now.output}};
        if (std::ranges::any_of(
                who.parts, [&](extent part) { return part.blocks != 0 && !blocks.contains(part); }))
        {
            refused.push_back(descriptor);
            continue;
        }
        for (const extent part : who.parts) {
            if (part.blocks != 0)
                once.set_noting(part, twice);
        }
        claimants.push_back(who);
    }
    for (const claimant& who : claimants) {
        if (std::ranges::any_of(who.parts,
                                [&](extent part) { return part.blocks != 0 && twice.any(part); }))
        {
            refused.push_back(who.descriptor);
            continue;
        }
        for (const extent part : who.parts) {
            if (part.blocks != 0)
                blocks.claim(part);
        }
    }
    std::ranges::sort(refused);
    return refused;
}

void journal::trim() noexcept { state_->blocks.trim(); }

extent journal::allocate(std::size_t bytes) noexcept
{
    if (bytes > arena_bytes_max)
        return {};
    const std::size_t wanted = std::max<std::size_t>((bytes + block_bytes - 1) / block_bytes, 1);
    return state_->blocks.allocate(static_cast<std::uint32_t>(wanted));
}

void journal::release(extent what) noexcept { state_->blocks.release(what); }

char* journal::at(extent what) const noexcept
{
    if (!contains(what))
        return nullptr;
    std::byte* arena = state_->memory.bytes() + arena_at(state_->records);
    return reinterpret_cast<char*>(arena + std::size_t{what.first} * block_bytes);
}

bool journal::contains(extent what) const noexcept { return state_->blocks.contains(what); }

std::size_t journal::blocks_taken() const noexcept { return state_->blocks.taken(); }

}  // namespace cohort::board
