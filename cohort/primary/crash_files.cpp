#include <cohort/primary/crash_files.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/place.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

namespace cohort::primary {

namespace {

namespace fs = std::filesystem;

/// Of files that this looks at when it counts: a folder with more is not ours alone.
constexpr std::size_t looked_at_max = 100'000;

result<> write_all(const fs::path& path, std::string_view bytes)
{
    const unique_fd file{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file.valid())
        return failed("write a crash report:", path.string());
    while (!bytes.empty()) {
        const ssize_t took = ::write(file.borrow(), bytes.data(), bytes.size());
        if (took == -1 && errno == EINTR)
            continue;
        if (took <= 0)
            return failed("write a crash report:", path.string());
        bytes.remove_prefix(static_cast<std::size_t>(took));
    }
    return {};
}

/// It is there as a whole, or not at all.
result<> put(const fs::path& path, std::string_view bytes)
{
    fs::path half = path;
    half += ".tmp";
    auto written = write_all(half, bytes);
    if (written && ::rename(half.c_str(), path.c_str()) == -1)
        written = failed("name a crash report:", path.string());
    if (!written)
        ::unlink(half.c_str());
    return written;
}

/// "20240126T100000.000Z": it sorts by time, and no shell minds it.
std::string compact(std::string_view time)
{
    std::string text{time};
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

/// "api" of "20240126T100000.000Z-slot3-worker17-api"; names of apps may have dashes, too.
std::string_view app_in(std::string_view stem) noexcept
{
    for (int part = 0; part < 3; ++part) {
        const auto dash = stem.find('-');
        if (dash == std::string_view::npos)
            return {};
        stem.remove_prefix(dash + 1);
    }
    return stem;
}

/// The reports of an app by their names, which begin with their times, with their bytes.
std::map<std::string, std::uint64_t> reports_in(const fs::path& folder, const std::string& app)
{
    std::map<std::string, std::uint64_t> found;
    std::error_code ec;
    std::size_t looked_at = 0;
    for (fs::directory_iterator at{folder, ec}; !ec && at != fs::directory_iterator{};
         at.increment(ec))
    {
        if (++looked_at > looked_at_max)
            break;
        const fs::path& path = at->path();
        const std::string stem = path.stem().string();
        const bool ours = path.extension() == ".txt" || path.extension() == ".json";
        if (!ours || app_in(stem) != app)
            continue;
        std::error_code gone;
        const auto bytes = fs::file_size(path, gone);
        found[stem] += gone ? 0 : bytes;
    }
    return found;
}

void take_away(const fs::path& folder, const std::string& stem) noexcept
{
    for (const std::string_view kind : {".txt", ".json"})
        ::unlink((folder / (stem + std::string{kind})).c_str());
}

void keep_within(const fs::path& folder, const std::string& app, const crash_files_bounds& most)
{
    auto all = reports_in(folder, app);
    std::uint64_t bytes = 0;
    for (const auto& [stem, size] : all)
        bytes += size;
    // The newest one stays, whatever its size.
    while (all.size() > 1 && (all.size() > most.reports || bytes > most.bytes)) {
        const auto oldest = all.begin();
        take_away(folder, oldest->first);
        bytes -= oldest->second;
        all.erase(oldest);
    }
}

}  // namespace

result<fs::path> crash_folder(fs::path chosen)
{
    if (::mkdir(chosen.c_str(), 0700) == -1 && errno != EEXIST)
        return failed("make the folder for crash reports:", chosen.string());
    if (::access(chosen.c_str(), W_OK | X_OK) == -1)
        return failed("use the folder for crash reports:", chosen.string());
    return chosen;
}

result<fs::path> usual_crash_folder()
{
    const control::viewpoint us = control::viewpoint::here();
    // systemd names one for each StateDirectory=, separated by colons.
    if (const auto state = us.variable("STATE_DIRECTORY"); state && !state->empty())
        return crash_folder(fs::path{state->substr(0, state->find(':'))} / "crashes");
    result<> last = failed(errc::bad_value, "find a folder for crash reports");
    for (const fs::path& each : control::folders(us)) {
        last = control::make_folder(each, us.user);
        if (last)
            return crash_folder(each / "crashes");
    }
    return std::unexpected(std::move(last).error());
}

result<fs::path> write_crash(const fs::path& folder, const crash_file& what,
                             const crash_files_bounds& most)
{
    const std::string app{what.app};
    const std::string stem =
        fmt::format("{}-slot{}-worker{}-{}", compact(what.time), what.slot, what.worker, app);
    COHORT_TRY(put(folder / (stem + ".json"), what.json));
    fs::path path = folder / (stem + ".txt");
    if (auto written = put(path, what.text); !written) {
        take_away(folder, stem);
        return std::unexpected(std::move(written).error());
    }
    keep_within(folder, app, most);
    return path;
}

}  // namespace cohort::primary
