#pragma once

#include <cohort/process/program_map.hpp>
#include <cohort/process/symbols.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cohort::process {

/// Where an address of a process lies, in words. A value.
struct frame_words {
    std::string file;           ///< empty: in no file, or not to be known
    std::string build_id;       ///< of it
    std::uint64_t address = 0;  ///< in the file, as addr2line wants it
    symbol function;            ///< its name is empty if nothing says it
};

/// Finds names for addresses, piece by piece. A resource.
class frame_finder {
public:
    static constexpr std::size_t files_max = 64;

    frame_finder() = default;
    /// Opens what is needed. Order: while the process lives; the rest has time.
    [[nodiscard]] static frame_finder open(pid_t process, const program_map& code,
                                           const std::vector<std::uint64_t>& addresses);
    /// Reads on, about a millisecond. False: that was all.
    [[nodiscard]] bool step();
    /// Order: step() said false. nullptr: nothing is known of it.
    [[nodiscard]] const frame_words* at(std::uint64_t address) const;

private:
    struct file {
        std::string path;
        std::vector<std::uint64_t> addresses;
        std::vector<std::uint64_t> places;
        std::vector<symbol_search> search;  // one or none
    };
    void conclude(file& of);

    std::vector<file> files_;
    std::size_t next_ = 0;
    std::map<std::uint64_t, frame_words> found_;
};

}  // namespace cohort::process
