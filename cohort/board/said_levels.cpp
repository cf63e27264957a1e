#include <cohort/board/said_levels.hpp>

#include <cohort/base/try.hpp>

namespace cohort::board {

namespace {

std::optional<std::uint8_t> read(const std::atomic<std::uint8_t>& from) noexcept
{
    const std::uint8_t said = from.load(std::memory_order_acquire);
    if (said == 0 || said > said_levels::level_max + 1)
        return std::nullopt;
    return static_cast<std::uint8_t>(said - 1);
}

void write(std::atomic<std::uint8_t>& to, std::optional<std::uint8_t> level) noexcept
{
    to.store(level ? static_cast<std::uint8_t>(*level + 1) : 0, std::memory_order_release);
}

}  // namespace

result<said_levels> said_levels::open(const commons& in)
{
    COHORT_TRY(const auto area, in.area("levels/1", sizeof(words)));
    return said_levels{area_as<words>(area)};
}

std::optional<std::uint8_t> said_levels::in_slot(std::uint32_t slot) const noexcept
{
    const auto said = slot < slots_max ? read(in_->slot[slot]) : std::nullopt;
    return said ? said : of_all();
}

std::optional<std::uint8_t> said_levels::of_all() const noexcept { return read(in_->all); }

void said_levels::say(std::uint32_t slot, std::optional<std::uint8_t> level) const noexcept
{
    if (slot < slots_max)
        write(in_->slot[slot], level);
}

void said_levels::say_of_all(std::optional<std::uint8_t> level) const noexcept
{
    for (word& each : in_->slot)
        write(each, std::nullopt);
    write(in_->all, level);
}

}  // namespace cohort::board
