#include <cohort/board/segment.hpp>

#include <cohort/base/assert.hpp>

#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace cohort::board {

namespace {

result<> check(const header& head, std::size_t size)
{
    if (head.magic != magic)
        return detail::refuse("not a scoreboard");
    if (head.layout != layout_number || head.slot_size != sizeof(slot))
        return detail::refuse("scoreboard layout " + std::to_string(head.layout));
    if (head.slots < 1 || head.slots > slots_max || head.size != size ||
        parts_for(head.slots).end != size)
        return detail::refuse("size and slots of the scoreboard disagree");
    return {};
}

}  // namespace

segment::segment(detail::sealed_memory memory, const header& head) noexcept
    : memory_{std::move(memory)}, slots_{head.slots}, generation_{head.generation}
{}

result<segment> segment::create(const plan& what)
{
    if (what.slots < 1 || what.slots > slots_max)
        return failed(errc::bad_value, "make a scoreboard of slots:", std::to_string(what.slots));
    const parts at = parts_for(what.slots);
    auto memory = detail::sealed_memory::create("cohort-board", at.end);
    if (!memory)
        return std::unexpected(std::move(memory).error());

    header head{};
    head.magic = magic;
    head.size = at.end;
    head.layout = layout_number;
    head.slots = what.slots;
    head.slot_size = sizeof(slot);
    head.generation = what.generation;
    std::byte* bytes = memory->bytes();
    std::memcpy(bytes, &head, sizeof head);
    // What is shared begins its life here, before anybody else can look. All but the tickets and
    // the commons: they are large, little is ever used, and the kernel's zeros are what they begin
    // with.
    new (bytes + sizeof(header)) counters{};
    for (unsigned i = 0; i < what.slots; ++i)
        new (bytes + at.rows + i * sizeof(slot)) slot{};
    new (bytes + at.quarantine) quarantine_table{};
    return segment{std::move(*memory), head};
}

result<segment> segment::attach(unique_fd fd)
{
    auto memory =
        detail::sealed_memory::attach(std::move(fd), {parts_for(1).end, parts_for(slots_max).end});
    if (!memory)
        return std::unexpected(std::move(memory).error());

    header head{};
    std::memcpy(&head, memory->bytes(), sizeof head);
    if (auto fits = check(head, memory->size()); !fits)
        return std::unexpected(std::move(fits).error());
    return segment{std::move(*memory), head};
}

template <class T>
T& segment::part(std::size_t at) const noexcept
{
    return *std::launder(reinterpret_cast<T*>(memory_.bytes() + at));
}

slot& segment::row(unsigned index) const noexcept
{
    COHORT_ASSERT(index < slots_);
    return part<slot>(parts_for(slots_).rows + std::size_t{index} * sizeof(slot));
}

answer_cells& segment::answers(unsigned index) const noexcept
{
    COHORT_ASSERT(index < slots_);
    // The kernel's zeros are what they begin with.
    return part<answer_cells>(parts_for(slots_).answers +
                              std::size_t{index} * sizeof(answer_cells));
}

board::ids segment::ids() const noexcept { return board::ids{part<counters>(sizeof(header))}; }

board::quarantine segment::quarantine() const noexcept
{
    return board::quarantine{part<quarantine_table>(parts_for(slots_).quarantine),
                             {&row(0), slots_}};
}

board::tickets segment::tickets() const noexcept
{
    return board::tickets{part<ticket_table>(parts_for(slots_).tickets), slots_};
}

board::commons segment::commons() const noexcept
{
    const std::size_t at = parts_for(slots_).commons;
    return board::commons{
        part<commons_head>(at), memory_.bytes() + at + sizeof(commons_head), {&row(0), slots_}};
}

}  // namespace cohort::board
