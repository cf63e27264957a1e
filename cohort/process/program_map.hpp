#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// A piece of a file that a process can run. A value.
struct mapped_code {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;     ///< behind its last byte
    std::uint64_t offset = 0;  ///< of `begin` in the file
    std::uint64_t inode = 0;   ///< 0: no file
    std::string path;          ///< as the kernel says it: "/usr/bin/api (deleted)", "[vdso]"

    /// A deployment put another file in its place, or none.
    [[nodiscard]] bool replaced() const noexcept { return path.ends_with(" (deleted)"); }
};

/// Which files a process runs, and where. A value.
class program_map {
public:
    static constexpr std::size_t pieces_max = 4096;

    program_map() = default;
    /// Out of /proc/PID/maps; lines that make no sense, and what cannot be run, are left out.
    [[nodiscard]] static program_map parse(std::string_view text);
    /// Empty: the process is gone, or we may not look.
    [[nodiscard]] static program_map of(pid_t process);

    /// nullptr: nothing that can be run is there.
    [[nodiscard]] const mapped_code* at(std::uint64_t address) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }

private:
    std::vector<mapped_code> pieces_;  // ascending
};

}  // namespace cohort::process
