#include <cohort/board/stack_sheet.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace cohort::board {

namespace {

/// Whatever a worker wrote: no longer than its room, and printable.
template <std::size_t Room>
std::string read_text(const std::array<std::atomic<char>, Room>& of, std::size_t begin,
                      std::size_t end)
{
    std::string text;
    for (std::size_t i = begin; i < std::min(end, Room); ++i) {
        const char c = of[i].load(std::memory_order_relaxed);
        const bool plain = c >= ' ' && c <= '~';
        text += plain ? c : '?';
    }
    return text;
}

/// Our own memory is nothing that a copy of us should write into.
void keep_from_children(const detail::sealed_memory& memory) noexcept
{
    ::madvise(memory.bytes(), memory.size(), MADV_DONTFORK);
}

stack_reading read_stack(const stack_words& of)
{
    constexpr auto relaxed = std::memory_order_relaxed;
    stack_reading seen;
    const std::size_t depth = std::min<std::size_t>(of.depth.load(relaxed), stack_frames_max);
    for (std::size_t i = 0; i < depth; ++i)
        seen.frames.push_back(of.frames[i].load(relaxed));
    const auto end = static_cast<stack_end>(of.end.load(relaxed));
    seen.end = end <= stack_end::unreadable ? end : stack_end::unreadable;
    seen.errand = read_text(of.errand, 0, of.errand_bytes.load(relaxed));
    return seen;
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
    constexpr auto relaxed = std::memory_order_relaxed;
    // It may have died while it walked along its stack: what it has noted before counts.
    const bool came_to_its_end = of.stack.round.load(std::memory_order_acquire) == 1;
    crash_reading seen;
    seen.signal = static_cast<int>(of.signal.load(relaxed));
    if (!came_to_its_end && seen.signal == 0)
        return std::nullopt;
    seen.code = static_cast<int>(of.code.load(relaxed));
    seen.address = of.address.load(relaxed);
    seen.thread = of.stack.thread.load(relaxed);
    const std::size_t known =
        std::min<std::size_t>(of.registers_known.load(relaxed), stack_registers_max);
    for (std::size_t i = 0; i < known; ++i)
        seen.registers.push_back(of.registers[i].load(relaxed));
    const std::size_t type = of.type_bytes.load(relaxed);
    seen.exception_type = read_text(of.exception, 0, type);
    seen.exception_says = read_text(of.exception, type, of.exception_bytes.load(relaxed));
    seen.stack = read_stack(of.stack);
    if (!came_to_its_end)
        seen.stack.end = stack_end::unreadable;
    return seen;
}

std::optional<stack_reading> read(const stack_words& of, std::uint32_t round)
{
    if (round == 0 || of.round.load(std::memory_order_acquire) != round)
        return std::nullopt;
    return read_stack(of);
}

std::optional<sender_reading> read(const sent_words& of)
{
    constexpr auto relaxed = std::memory_order_relaxed;
    sender_reading seen;
    seen.signal = static_cast<int>(of.signal.load(std::memory_order_acquire));
    if (seen.signal == 0)
        return std::nullopt;
    seen.process = of.process.load(relaxed);
    seen.user = of.user.load(relaxed);
    seen.name = read_text(of.name, 0, of.name_bytes.load(relaxed));
    return seen;
}

std::string build_id_of(const stack_words_of_all& sheet)
{
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr auto relaxed = std::memory_order_relaxed;
    const std::size_t bytes =
        std::min<std::size_t>(sheet.build_id_bytes.load(relaxed), stack_build_id_max);
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
        const unsigned byte = sheet.build_id[i].load(relaxed);
        text += digits[byte >> 4];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace cohort::board
