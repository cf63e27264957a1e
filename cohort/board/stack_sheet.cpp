#include <cohort/board/stack_sheet.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace cohort::board {

namespace {

/// Our own memory is nothing that a copy of us should write into.
void keep_from_children(const detail::sealed_memory& memory) noexcept
{
    ::madvise(memory.bytes(), memory.size(), MADV_DONTFORK);
}

}  // namespace

result<stack_sheet> stack_sheet::create()
{
    auto memory = detail::sealed_memory::create("cohort-stacks", sizeof(stack_words_of_all));
    if (!memory)
        return std::unexpected(std::move(memory).error());
    keep_from_children(*memory);
    // The kernel's zeros are what the rest begins with.
    stack_sheet made{std::move(*memory)};
    stack_words_of_all& all = made.words();
    all.size = sizeof(stack_words_of_all);
    all.layout = stack_layout_number;
    all.magic = stack_magic;
    return made;
}

result<stack_sheet> stack_sheet::attach(unique_fd fd)
{
    auto memory = detail::sealed_memory::attach(
        std::move(fd), {sizeof(stack_words_of_all), sizeof(stack_words_of_all)});
    if (!memory)
        return std::unexpected(std::move(memory).error());
    keep_from_children(*memory);
    stack_sheet seen{std::move(*memory)};
    const stack_words_of_all& all = seen.words();
    if (all.magic != stack_magic || all.size != sizeof(stack_words_of_all))
        return detail::refuse("not a sheet for stacks");
    if (all.layout != stack_layout_number)
        return detail::refuse("layout " + std::to_string(all.layout) + " of a sheet for stacks");
    return seen;
}

stack_words_of_all& stack_sheet::words() const noexcept
{
    return *std::launder(reinterpret_cast<stack_words_of_all*>(memory_.bytes()));
}

std::optional<crash_reading> read(const crash_words& of)
{
    auto stack = read(of.stack, 1);
    if (!stack)
        return std::nullopt;
    constexpr auto relaxed = std::memory_order_relaxed;
    crash_reading seen;
    seen.signal = static_cast<int>(of.signal.load(relaxed));
    seen.code = static_cast<int>(of.code.load(relaxed));
    seen.address = of.address.load(relaxed);
    seen.thread = of.stack.thread.load(relaxed);
    seen.stack = *std::move(stack);
    return seen;
}

std::optional<stack_reading> read(const stack_words& of, std::uint32_t round)
{
    if (round == 0 || of.round.load(std::memory_order_acquire) != round)
        return std::nullopt;
    constexpr auto relaxed = std::memory_order_relaxed;
    stack_reading seen;
    const std::size_t depth = std::min<std::size_t>(of.depth.load(relaxed), stack_frames_max);
    for (std::size_t i = 0; i < depth; ++i)
        seen.frames.push_back(of.frames[i].load(relaxed));
    const auto end = static_cast<stack_end>(of.end.load(relaxed));
    seen.end = end <= stack_end::unreadable ? end : stack_end::unreadable;
    const std::size_t bytes =
        std::min<std::size_t>(of.errand_bytes.load(relaxed), stack_errand_max);
    for (std::size_t i = 0; i < bytes; ++i) {
        const char c = of.errand[i].load(relaxed);
        const bool plain = c >= ' ' && c <= '~';
        seen.errand += plain ? c : '?';
    }
    return seen;
}

}  // namespace cohort::board
