#include <cohort/primary/file_mark.hpp>

#include <cohort/base/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

namespace cohort::primary {

namespace {

constexpr std::size_t marks_max = 16;

/// By its name: data that a program is given changes all the time, and is no part of a generation.
bool is_code(const std::filesystem::path& file)
{
    constexpr auto endings = std::to_array<std::string_view>(
        {".py", ".pyz", ".js", ".mjs", ".cjs", ".ts", ".rb", ".ru", ".pl", ".php", ".sh", ".lua",
         ".jar", ".exs", ".tcl", ".R", ".jl"});
    return std::ranges::find(endings, file.extension().string()) != endings.end();
}

}  // namespace

std::optional<file_mark> mark_of(const std::string& path)
{
    struct stat about{};
    if (::stat(path.c_str(), &about) == -1 || !S_ISREG(about.st_mode))
        return std::nullopt;
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    return file_mark{.path = path,
                     .device = about.st_dev,
                     .inode = about.st_ino,
                     .changed_ns = about.st_mtim.tv_sec * ns_per_s + about.st_mtim.tv_nsec,
                     .size = about.st_size};
}

bool is_written_to(const std::string& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (!file.valid())
        return false;
    // Who opens it for writing right now waits for a moment, and we are told: by a signal that
    // means nothing. Of the usual one, SIGIO, a process dies.
    if (::fcntl(file.borrow(), F_SETSIG, SIGURG) == -1)
        return false;
    // Nobody can have a lease on what somebody writes to.
    const bool busy = ::fcntl(file.borrow(), F_SETLEASE, F_RDLCK) == -1 && errno == EAGAIN;
    ::fcntl(file.borrow(), F_SETLEASE, F_UNLCK);
    return busy;
}

bool is_same_file(const file_mark& one, const file_mark& other) noexcept
{
    return one.device == other.device && one.inode == other.inode &&
           one.changed_ns == other.changed_ns && one.size == other.size;
}

std::vector<file_mark> files_of(const config::settings& of, program_is how)
{
    std::vector<file_mark> all;
    const auto add = [&](const std::string& name) {
        // Absolute names stay what they are.
        if (auto seen = mark_of((std::filesystem::path{of.cwd} / name).string());
            seen && all.size() < marks_max)
            all.push_back(*std::move(seen));
    };
    // A name without '/' is PATH's, and what that finds is no script of the app, mostly.
    if (how == program_is::named && of.exec.contains('/'))
        add(of.exec);
    for (const std::string& each : of.args) {
        if (!each.starts_with('-') && is_code(each))
            add(each);
    }
    return all;
}

std::vector<std::string> changed_since(const std::vector<file_mark>& then)
{
    std::vector<std::string> changed;
    for (const file_mark& each : then) {
        if (const auto seen = mark_of(each.path); !seen || *seen != each)
            changed.push_back(each.path);
    }
    return changed;
}

}  // namespace cohort::primary
