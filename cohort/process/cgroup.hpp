#pragma once
// Where this process stands in the trees of control groups: v1, v2, or a hybrid of both.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// Reads a whole small file by its absolute path, or nothing if there is none. The seam between
/// the parsers and the system: tests hand in a tree of fixtures.
using file_reader = std::function<std::optional<std::string>(const std::string& path)>;

/// The real thing; reads at most 1 MiB of a file.
[[nodiscard]] std::optional<std::string> read_system_file(const std::string& path);
/// At most `most` bytes: the table of all TCP connections is no small file.
[[nodiscard]] std::optional<std::string> read_system_file(const std::string& path,
                                                          std::size_t most);

enum class cgroup_version { one, two };

/// The folders of our cgroup and of its ancestors, nearest first, as far as they can be seen from
/// here; none if that hierarchy is not mounted. Folders that do not exist may be among them: a
/// container can show the host's path beside its own files. At most 128.
///
/// @param controller  "cpu", "memory"; looked at for version one only.
///
/// Source: cgroups(7); proc(5), /proc/[pid]/mountinfo.
[[nodiscard]] std::vector<std::string>
cgroup_folders(cgroup_version version, std::string_view controller, const file_reader& read);

/// How many processes of our memory cgroup the kernel has killed for memory so far; nothing if
/// nobody counts. v2: memory.events; v1: memory.oom_control.
[[nodiscard]] std::optional<std::uint64_t> memory_kills(const file_reader& read);

/// The same for this process. The place of the cgroup is looked up once and remembered.
[[nodiscard]] std::optional<std::uint64_t> memory_kills();

/// How many it has killed for memory on the whole machine, for the sake of whatever group; nothing
/// if it does not tell. The kernel counts before it kills. 0.03 ms. Source: proc_vmstat(5).
[[nodiscard]] std::optional<std::uint64_t> memory_kills_of_machine(const file_reader& read);
[[nodiscard]] std::optional<std::uint64_t> memory_kills_of_machine();

}  // namespace cohort::process
