#include <cohort/primary/crash_files.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/place.hpp>

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace cohort::primary {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kinds{".txt", ".json"};
constexpr std::string_view unfinished = ".tmp";

/// Of files that this looks at when it counts: a folder with more is not ours alone.
constexpr std::size_t looked_at_max = 100'000;
constexpr std::size_t read_max = std::size_t{1} << 20;
/// Others may write while we look. What was written later than that, by what the file system says
/// of the latest report, was written before a clock was put right.
constexpr nanoseconds meanwhile = std::chrono::minutes{1};

/// From now on names are names in there, wherever the path leads.
result<unique_fd> open_folder(const fs::path& path)
{
    // As with log files: root may write everywhere, and somebody else could have it write there.
    const bool wary = ::geteuid() == 0;
    unique_fd folder{
        ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (wary ? O_NOFOLLOW : 0))};
    struct stat seen{};
    if (!folder.valid() || ::fstat(folder.borrow(), &seen) == -1)
        return failed("open the folder for crash reports:", path.string());
    if (wary && seen.st_uid != 0)
        return failed(errc::bad_value,
                      "use a folder for crash reports that is not root's:", path.string());
    return folder;
}

result<> write_all(const unique_fd& folder, const std::string& name, std::string_view bytes)
{
    // Nothing that is there already: neither a link, nor a FIFO that nobody reads.
    const unique_fd file{
        ::openat(folder.borrow(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file.valid())
        return failed("write a crash report:", name);
    while (!bytes.empty()) {
        const ssize_t took = ::write(file.borrow(), bytes.data(), bytes.size());
        if (took == -1 && errno == EINTR)
            continue;
        if (took <= 0) {
            auto why = failed("write a crash report:", name);
            ::unlinkat(folder.borrow(), name.c_str(), 0);
            return why;
        }
        bytes.remove_prefix(static_cast<std::size_t>(took));
    }
    return {};
}

/// It is there as a whole, or not at all.
result<> put(const unique_fd& folder, const std::string& name, std::string_view bytes)
{
    const std::string half = name + std::string{unfinished};
    COHORT_TRY(write_all(folder, half, bytes));
    if (::renameat(folder.borrow(), half.c_str(), folder.borrow(), name.c_str()) == -1) {
        auto why = failed("name a crash report:", name);
        ::unlinkat(folder.borrow(), half.c_str(), 0);
        return why;
    }
    return {};
}

/// "20240126T100000.000Z": it sorts by time, and no shell minds it.
std::string compact(std::string_view time)
{
    std::string text{time};
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string stem_of(const crash_name& of)
{
    return fmt::format("{}-slot{}-worker{}-{}", compact(of.time), of.slot, of.worker, of.app);
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

bool take_off(std::string_view& name, std::string_view end) noexcept
{
    if (!name.ends_with(end))
        return false;
    name.remove_suffix(end.size());
    return true;
}

/// What lies there of one death.
struct report {
    std::string stem;
    std::uint64_t bytes = 0;
    nanoseconds written{0};  // by our clock; 0: that was another one
};

void take_away(const unique_fd& folder, const std::string& stem) noexcept
{
    for (const std::string_view kind : kinds)
        ::unlinkat(folder.borrow(), (stem + std::string{kind}).c_str(), 0);
}

nanoseconds written_at(const struct stat& of) noexcept
{
    return std::chrono::seconds{of.st_mtim.tv_sec} + nanoseconds{of.st_mtim.tv_nsec};
}

/// The reports of an app; takes away what was never finished.
class survey_of_reports {
public:
    survey_of_reports(const unique_fd& folder, const crash_name& latest)
        : folder_{folder}, app_{latest.app}
    {
        struct stat seen{};
        const std::string name = stem_of(latest) + std::string{kinds.front()};
        if (::fstatat(folder.borrow(), name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) == 0)
            now_ = written_at(seen);
    }

    std::vector<report> take()
    {
        const int again = ::openat(folder_.borrow(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const std::unique_ptr<DIR, decltype([](DIR* of) { ::closedir(of); })> all{
            again == -1 ? nullptr : ::fdopendir(again)};
        if (!all)
            return {};
        for (std::size_t i = 0; i < looked_at_max; ++i) {
            const dirent* const each = ::readdir(all.get());
            if (each == nullptr)
                break;
            look_at(each->d_name);
        }
        std::vector<report> found;
        found.reserve(found_.size());
        for (auto& [stem, each] : found_)
            found.push_back(std::move(each));
        return found;
    }

private:
    void look_at(const char* name)
    {
        std::string_view stem{name};
        const bool half = take_off(stem, unfinished);
        const bool ours =
            std::ranges::any_of(kinds, [&](auto kind) { return take_off(stem, kind); });
        struct stat seen{};
        if (!ours || app_in(stem) != app_ ||
            ::fstatat(folder_.borrow(), name, &seen, AT_SYMLINK_NOFOLLOW) == -1)
            return;
        const nanoseconds written = written_at(seen);
        const bool of_other_clock = written > now_ + meanwhile;
        if (half) {
            // Somebody may be at it; not for so long.
            if (of_other_clock || written + meanwhile < now_)
                ::unlinkat(folder_.borrow(), name, 0);
            return;
        }
        report& its = found_[std::string{stem}];
        its.stem = stem;
        its.bytes += static_cast<std::uint64_t>(seen.st_size);
        its.written = std::max(its.written, of_other_clock ? nanoseconds{0} : written);
    }

    const unique_fd& folder_;
    std::string_view app_;
    nanoseconds now_{0};
    std::map<std::string, report> found_;
};

/// `latest` stays, whatever its size, and whatever the clock says.
void keep_within(const unique_fd& folder, const crash_name& latest, const crash_files_bounds& most)
{
    auto all = survey_of_reports{folder, latest}.take();
    std::uint64_t bytes = 0;
    for (const report& each : all)
        bytes += each.bytes;
    const std::string kept = stem_of(latest);
    std::ranges::sort(all, {}, [](const report& r) { return std::tie(r.written, r.stem); });
    std::size_t left = all.size();
    for (const report& each : all) {
        if (left <= most.reports && bytes <= most.bytes)
            break;
        if (each.stem == kept)
            continue;
        take_away(folder, each.stem);
        bytes -= each.bytes;
        --left;
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
    COHORT_TRY(const auto in, open_folder(folder));
    const std::string stem = stem_of(what.name);
    COHORT_TRY(put(in, stem + ".json", what.json));
    if (auto written = put(in, stem + ".txt", what.text); !written) {
        take_away(in, stem);
        return std::unexpected(std::move(written).error());
    }
    keep_within(in, what.name, most);
    return folder / (stem + ".txt");
}

std::optional<crash_text> read_crash(const fs::path& folder, const crash_name& which)
{
    const auto in = open_folder(folder);
    if (!in)
        return std::nullopt;
    const std::string name = stem_of(which) + ".txt";
    const unique_fd file{
        ::openat(in->borrow(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file.valid())
        return std::nullopt;
    crash_text found{.path = folder / name, .text = {}};
    std::array<char, 16'384> piece{};
    while (found.text.size() < read_max) {
        const ssize_t got = ::read(file.borrow(), piece.data(), piece.size());
        if (got <= 0)
            break;
        found.text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return found;
}

}  // namespace cohort::primary
