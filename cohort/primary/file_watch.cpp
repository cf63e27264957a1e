#include <cohort/primary/file_watch.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/file_mark.hpp>
#include <cohort/primary/settling.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fmt/format.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t files_max = 32;
constexpr nanoseconds look_soon = 100ms;  // while they change
constexpr nanoseconds look_seldom = 3s;   // whether inotify has missed something

struct watched {
    std::string path;
    bool runs = false;  // it could be executed at the start
};

settling::shape shape_of(const std::vector<watched>& all)
{
    const bool whole = std::ranges::all_of(all, [](const watched& each) {
        return mark_of(each.path) && (!each.runs || ::access(each.path.c_str(), X_OK) == 0) &&
               !is_written_to(each.path);
    });
    return whole ? settling::shape::whole : settling::shape::unfinished;
}

std::vector<file_mark> marks_of(const std::vector<watched>& all)
{
    std::vector<file_mark> marks;
    for (const watched& each : all) {
        file_mark missing;
        missing.path = each.path;
        marks.push_back(mark_of(each.path).value_or(std::move(missing)));
    }
    return marks;
}

/// Again and again: a folder may have been removed and made anew.
void watch_folders(int by, const std::vector<watched>& all)
{
    constexpr unsigned what = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE;
    std::set<std::string> folders;
    for (const watched& each : all)
        folders.insert(std::filesystem::path{each.path}.parent_path().string());
    for (const std::string& each : folders)
        ::inotify_add_watch(by, each.c_str(), what);
}

/// Something happened there. Errors: errno of read(2).
awaitable<result<>> something(asio::posix::stream_descriptor& events)
{
    std::array<char, 4096> dropped{};
    const auto room = asio::buffer(dropped);
    auto [ec, got] = co_await events.async_read_some(room, use_tuple);
    if (ec)
        co_return std::unexpected(fault(ec, "watch files"));
    co_return result<>{};
}

std::string first_difference(const std::vector<file_mark>& before,
                             const std::vector<file_mark>& after)
{
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] != after[i])
            return after[i].path;
    }
    return {};
}

}  // namespace

awaitable<> watch_files(std::vector<std::string> paths,
                        std::move_only_function<void(const std::string&)> changed)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto executor = co_await asio::this_coro::executor;
    std::vector<watched> all;
    for (std::string& each : paths) {
        const bool runs = ::access(each.c_str(), X_OK) == 0;
        if (all.size() < files_max)
            all.push_back({.path = std::move(each), .runs = runs});
    }
    constexpr auto seconds = std::chrono::floor<std::chrono::seconds>(look_seldom).count();
    asio::posix::stream_descriptor events{executor};
    if (const int opened = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK); opened != -1)
        events.assign(opened);
    else
        log::warn("no inotify: {}; watched files are looked at every {} s", last_errno().message(),
                  seconds);
    std::vector<file_mark> known = marks_of(all);
    settling files{known};
    auto now_is = settling::verdict::unchanged;
    while (!stopped(stop)) {
        if (events.is_open())
            watch_folders(events.native_handle(), all);
        // While they change every event would be one look: they come by the thousand.
        if (now_is == settling::verdict::changing) {
            co_await sleep_for(look_soon);
        } else if (!events.is_open()) {
            co_await sleep_for(look_seldom);
        } else {
            auto wait = something(events);
            const auto heard = co_await with_deadline(std::move(wait), look_seldom);
            if (!heard && heard.error().why() != errc::deadline_passed && !stopped(stop)) {
                log::warn("{}; they are looked at every {} s", heard.error().text(), seconds);
                events.close();
            }
        }
        if (stopped(stop))
            co_return;
        auto found = marks_of(all);
        now_is = files.look(found, shape_of(all), now());
        if (now_is == settling::verdict::settled) {
            changed(first_difference(known, found));
            known = std::move(found);
        }
    }
}

}  // namespace cohort::primary
