#pragma once
// Stacks in words: for the log, for people who ask, and for programs that read JSON.

#include <cohort/board/stack_sheet.hpp>
#include <cohort/process/frame_finder.hpp>
#include <cohort/process/stack_question.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::primary {

/// All addresses on these stacks.
[[nodiscard]] std::vector<std::uint64_t> addresses_on(const process::stacks_of_all& of);

/// For people: a line for each thread, and one for each frame. At most `report_bytes_max`.
inline constexpr std::size_t report_bytes_max = std::size_t{32} << 10;
[[nodiscard]] std::string text_of(const process::stacks_of_all& of,
                                  const process::frame_finder& names);

/// {"thread":…,"name":…,"state":…,"request":…,"frames":[{"function":…,"file":…,…}]}
[[nodiscard]] boost::json::array to_json(const process::stacks_of_all& of,
                                         const process::frame_finder& names);

/// One thread's frames, as above.
[[nodiscard]] boost::json::array to_json(const board::stack_reading& of,
                                         const process::frame_finder& names);

/// "SIGSEGV: no memory at 0x1230, in thread 4711, GET /crash".
[[nodiscard]] std::string headline_of(const board::crash_reading& of);
/// That, and a line for each frame.
[[nodiscard]] std::string text_of(const board::crash_reading& of,
                                  const process::frame_finder& names);

/// thread 4711 "api" runs, GET /hang
[[nodiscard]] std::string headline_of(const process::thread_stack& of);
/// "scenario::compute_for_ever() < hang() < …": up to `most` functions, the innermost first.
[[nodiscard]] std::string path_of(const board::stack_reading& of,
                                  const process::frame_finder& names, std::size_t most);
/// "scenario::compute_for_ever()+0x4  /srv/api+0x1234": one frame.
[[nodiscard]] std::string frame_of(std::uint64_t address, const process::frame_finder& names);

}  // namespace cohort::primary
