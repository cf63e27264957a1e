#pragma once
// What a crash handler sees of the processor, in an order that its readers know. For a processor
// that is not listed, nothing.

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::process {

#if defined(__x86_64__)

inline constexpr auto register_names = std::to_array<std::string_view>(
    {"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax",
     "rcx", "rsp", "rip", "eflags"});

/// The one of that number. Async-signal-safe.
[[nodiscard]] inline std::uint64_t register_of(const ucontext_t& at, std::size_t number) noexcept
{
    return static_cast<std::uint64_t>(at.uc_mcontext.gregs[number]);
}

#elif defined(__aarch64__)

inline constexpr auto register_names = std::to_array<std::string_view>(
    {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",    "x10", "x11",
     "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",   "x22", "x23",
     "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",  "pstate"});

/// The one of that number. Async-signal-safe.
[[nodiscard]] inline std::uint64_t register_of(const ucontext_t& at, std::size_t number) noexcept
{
    switch (number) {
        case 31:
            return at.uc_mcontext.sp;
        case 32:
            return at.uc_mcontext.pc;
        case 33:
            return at.uc_mcontext.pstate;
        default:
            return at.uc_mcontext.regs[number];
    }
}

#else

inline constexpr std::array<std::string_view, 0> register_names{};

[[nodiscard]] inline std::uint64_t register_of(const ucontext_t&, std::size_t) noexcept
{
    return 0;
}

#endif

}  // namespace cohort::process
