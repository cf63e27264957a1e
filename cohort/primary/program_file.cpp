#include <cohort/primary/program_file.hpp>

#include <cohort/base/try.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/process/origin.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

namespace cohort::primary {

namespace {

/// What a start would execute: relative to where workers run. A name without '/' is looked up in
/// PATH, then by name again: there is no file to hold on to.
std::string path_of(const std::string& exec, const std::string& cwd)
{
    if (std::filesystem::path{exec}.is_absolute() || exec.find('/') == std::string::npos)
        return exec;
    return (std::filesystem::path{cwd} / exec).string();
}

/// So much of a program is looked at: what it names stands before its debug information.
constexpr std::size_t looked_at_max = std::size_t{64} << 20;
constexpr std::size_t piece_bytes = std::size_t{256} << 10;

/// Who may execute it but not read it does not learn how it was built. It is read, not mapped:
/// whoever writes a new build over it may make it shorter under our eyes.
build build_of(const unique_fd& binary)
{
    // Of the very file that is held (O_PATH gives no access), whatever its name leads to by now.
    const std::string name = fmt::format("/proc/self/fd/{}", binary.borrow());
    const unique_fd file{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid())
        return build::unknown;
    const std::string_view mark{variable::channel};
    std::vector<char> piece(piece_bytes);
    std::size_t kept = 0;  // the end of the last piece, in which a mark may begin
    for (std::size_t at = 0; at < looked_at_max;) {
        const ssize_t got = ::pread(file.borrow(), piece.data() + kept, piece.size() - kept,
                                    static_cast<off_t>(at));
        if (got == -1 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        const std::string_view seen{piece.data(), kept + static_cast<std::size_t>(got)};
        if (seen.find(mark) != std::string_view::npos)
            return build::with_cohort;
        at += static_cast<std::size_t>(got);
        kept = std::min(seen.size(), mark.size() - 1);
        std::memmove(piece.data(), seen.data() + seen.size() - kept, kept);
    }
    return build::unknown;
}

}  // namespace

result<unique_fd> hold_binary(const std::string& path)
{
    COHORT_TRY(auto binary, process::open_binary(path));
    if (!process::runs_by_descriptor(binary.borrow()))
        binary.reset();
    return binary;
}

result<program_file> hold_program(const std::string& exec, const std::string& cwd)
{
    program_file held;
    held.exec = exec;
    const std::string path = path_of(exec, cwd);
    if (path.find('/') == std::string::npos)
        return held;
    COHORT_TRY(held.binary, hold_binary(path));
    if (held.binary.valid())
        held.made = build_of(held.binary);
    return held;
}

}  // namespace cohort::primary
