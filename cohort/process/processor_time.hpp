#pragma once

#include <cohort/base/clock.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::process {

/// all: of every thread. first: of the thread that main() runs in, where event loops mostly are.
enum class whose_time : std::uint8_t { all, first };

/// Processor time that another process has used, in the kernel's ticks of 10 ms. Nothing: it is
/// gone. Source: proc(5), stat.
[[nodiscard]] std::optional<nanoseconds> processor_time(pid_t pid, whose_time which);

/// The figure in such a text. Nothing: there is none.
[[nodiscard]] std::optional<nanoseconds> parse_processor_time(std::string_view stat);

}  // namespace cohort::process
