#pragma once
// Where exceptions came from. The C++ library is asked to tell us of each that is made (which is
// how a program that links us throws); their newest stacks are kept, and found by their address.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace cohort::log {

/// Calls that are kept of each, the innermost first.
inline constexpr std::size_t thrown_calls_max = 32;
/// A thread that throws more often in a second has the rest without stacks: they take microseconds.
inline constexpr unsigned thrown_a_second_max = 1000;

/// The calling thread's own life begins in this frame (__builtin_frame_address(0)): what lies
/// beyond it is how a copy was born, and is not kept.
void thrown_calls_begin_at(const void* frame) noexcept;

/// A program that is started with "0" in it has its throws left alone: no stacks are taken.
inline constexpr const char* thrown_stacks_variable = "COHORT_THROWN_STACKS";

/// Are stacks taken here? Not with a C++ library that is linked statically.
[[nodiscard]] bool knows_what_is_thrown() noexcept;

/// Addresses within the calls that led to where it was thrown first, or made by
/// std::make_exception_ptr. Empty: it is not known, or not any more (128 are). Any thread. Nothing
/// is known of what was thrown on a stack that is not its thread's own, as fibers have.
[[nodiscard]] std::vector<std::uintptr_t> calls_of(const std::exception_ptr& thrown);
/// Of one that is handled right now, by reference.
[[nodiscard]] std::vector<std::uintptr_t> calls_of(const std::exception& thrown);

/// A line for each call, without a line end after the last: "/srv/api(+0x51f3) pay(int)". The
/// function's name is there if the program exports it (-rdynamic); `addr2line -Cfe /srv/api 0x51f3`
/// knows the others, and the source line. Names have 120 bytes at most.
[[nodiscard]] std::string words_of_calls(std::span<const std::uintptr_t> calls);

}  // namespace cohort::log
