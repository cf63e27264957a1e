// A journal of any content, as a corpse or a wild pointer may leave it: it is refused, or taken
// stock of, and every record that was not refused is judged. Nothing outside is ever read, and no
// two records get the same bytes. It stands in this room because the verdict does.

#include <cohort/base/assert.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/net/adoption.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::net;
using board::connection_record;
using board::extent;
using board::journal;

namespace {

constexpr std::uint32_t records = 24;
constexpr std::uint32_t blocks = 8;

/// Eats the input from its front; zeros behind its end.
class reader {
public:
    reader(const std::uint8_t* data, std::size_t size)
        : data_{data}, left_{size}
    {}

    void fill(void* to, std::size_t size)
    {
        std::memset(to, 0, size);
        const std::size_t some = std::min(left_, size);
        if (some != 0)
            std::memcpy(to, data_, some);
        data_ += some;
        left_ -= some;
    }
    template <class T>
    T number()
    {
        T value{};
        fill(&value, sizeof value);
        return value;
    }
    [[nodiscard]] bool empty() const { return left_ == 0; }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

/// Mostly small: inside, across the border, or far outside.
extent any_extent(reader& from)
{
    const auto first = from.number<std::uint8_t>();
    const auto count = from.number<std::uint8_t>();
    if (count == 0xff)
        return {.first = from.number<std::uint32_t>(), .blocks = from.number<std::uint32_t>()};
    return {.first = first % (blocks + 2U), .blocks = count % (blocks + 2U)};
}

/// A record that is nearly right, or any bytes at all.
void spoil(connection_record& record, reader& from)
{
    const auto how = from.number<std::uint8_t>();
    if (how == 0xff) {
        from.fill(static_cast<void*>(&record), sizeof record);
        return;
    }
    board::connection_state state;
    state.now = static_cast<board::standing>(how % 8);
    state.marks = from.number<std::uint8_t>();
    state.input = any_extent(from);
    state.output = any_extent(from);
    state.base = from.number<std::uint16_t>();
    state.parsed = state.base + from.number<std::uint16_t>();
    state.out_base = from.number<std::uint16_t>();
    state.composed = state.out_base + from.number<std::uint16_t>();
    state.answer = state.out_base + from.number<std::uint16_t>();
    const auto shape = from.number<std::uint8_t>();
    state.head = {200, static_cast<board::stream_framing>(shape & 3)};
    state.body = shape;
    record.taken.store(state.parsed + from.number<std::uint16_t>());
    record.given.store(state.out_base + from.number<std::uint16_t>());
    record.commit(state);
}

kernel_position any_position(const connection_record& record, reader& from)
{
    const auto flags = from.number<std::uint8_t>();
    kernel_position position;
    position.exact = (flags & 1) != 0;
    position.reset = (flags & 6) == 6;
    position.client_ended = (flags & 8) != 0;
    position.taken = record.taken.load() + from.number<std::uint8_t>();
    position.given = record.given.load() + from.number<std::uint8_t>();
    return position;
}

/// The range must be inside the extent; its first and its last byte are there.
void touch(const journal& of, extent what, std::uint64_t from, std::uint64_t to)
{
    if (from == to)
        return;
    COHORT_ASSERT(from < to && to <= journal::size(what));
    const volatile char* bytes = of.at(what);
    COHORT_ASSERT(bytes != nullptr);
    static_cast<void>(bytes[from]);
    static_cast<void>(bytes[to - 1]);
}

void judge(const journal& of, int descriptor, reader& from)
{
    const connection_record& record = *of.record(descriptor);
    adoption_input in;
    in.state = record.state();
    in.taken = record.taken.load();
    in.given = record.given.load();
    in.input_bytes = of.contains(in.state.input) ? journal::size(in.state.input) : 0;
    in.output_bytes = of.contains(in.state.output) ? journal::size(in.state.output) : 0;
    in.kernel = any_position(record, from);
    in.fault = static_cast<blame>(from.number<std::uint8_t>() % 3);
    const adoption_verdict verdict = adopt(in, {});
    if (verdict.what == then::drop)
        return;
    if (verdict.given < verdict.composed)
        touch(of, in.state.output, verdict.given - in.state.out_base,
              verdict.composed - in.state.out_base);
    const bool reads = verdict.what == then::serve || verdict.what == then::resume;
    if (reads && in.state.now != board::standing::free)
        touch(of, in.state.input, in.state.parsed - in.state.base, verdict.taken - in.state.base);
}

/// No two of those who stay share a block, and the count is right.
void check_stock(const journal& of, const std::set<int>& refused)
{
    std::array<bool, blocks> has{};
    std::size_t taken = 0;
    for (int descriptor = 0; descriptor < static_cast<int>(of.records()); ++descriptor) {
        const auto& state = of.record(descriptor)->state();
        if (refused.contains(descriptor) || state.now == board::standing::free)
            continue;
        for (const extent part : {state.input, state.output}) {
            if (part.blocks == 0)
                continue;
            COHORT_ASSERT(of.contains(part));
            taken += part.blocks;
            for (std::uint32_t i = part.first; i < part.first + part.blocks; ++i)
                COHORT_ASSERT(!std::exchange(has.at(i), true));
        }
    }
    COHORT_ASSERT(of.blocks_taken() == taken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    reader from{data, size};
    auto made = journal::create(
        {.records = records, .arena_bytes = blocks * journal::block_bytes, .slot = 0});
    COHORT_ASSERT(made.has_value());
    for (int descriptor = 0; descriptor < static_cast<int>(records) && !from.empty(); ++descriptor)
        spoil(*made->record(descriptor), from);
    // Then the header: a few words of it, or none.
    const auto spoiled = from.number<std::uint8_t>();
    if (spoiled >= 0xf0)
        from.fill(static_cast<void*>(&made->header()), spoiled - 0xf0U + 1U);
    else if (spoiled >= 0xe0)
        from.fill(&made->header().records, spoiled - 0xe0U);

    auto copy = duplicate(made->fd());
    COHORT_ASSERT(copy.has_value());
    auto of = journal::attach(std::move(*copy));
    if (!of) {
        COHORT_ASSERT(of.error().why() == errc::board_layout_mismatch);
        return 0;
    }
    // Up to the next border of a block, the number of records may lie: their memory is there.
    COHORT_ASSERT(of->blocks() == blocks);
    COHORT_ASSERT(of->records() * sizeof(connection_record) <= journal::block_bytes);
    const int end = static_cast<int>(of->records());
    std::vector<int> live;
    for (int descriptor = -1; descriptor <= end; ++descriptor)
        live.push_back(descriptor);
    const auto named = of->take_stock(live);
    const std::set<int> refused(named.begin(), named.end());
    COHORT_ASSERT(refused.contains(-1) && refused.contains(end));
    check_stock(*of, refused);
    for (int descriptor = 0; descriptor < end; ++descriptor) {
        if (!refused.contains(descriptor))
            judge(*of, descriptor, from);
    }
    while (of->allocate(1).blocks != 0) {
    }
    COHORT_ASSERT(of->blocks_taken() == blocks);
    of->trim();
    return 0;
}
