#include <cohort/primary/log_files.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_rotation.hpp>
#include <cohort/primary/detail/requests.hpp>
#include <cohort/primary/log_terms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using control::answer;
using control::exit_code;

namespace {

constexpr nanoseconds look_seldom = 1s;
constexpr nanoseconds look_often = 20ms;
/// Of the limit: who has written so much since the last look is looked at often.
constexpr std::uint64_t much = 16;
/// A worker that hangs does not let the file of the others grow for ever.
constexpr nanoseconds confirmed_within = 10s;

}  // namespace

awaitable<> log_files::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (log::file_number() != -1 && !stopped(stop)) {
        const nanoseconds pause = look();
        co_await sleep_for(pause);
    }
}

/// Returns when to look again.
nanoseconds log_files::look()
{
    const config::rotation& limit = of_.current()->settings().log.rotate;
    if (!limit.on())
        return look_seldom;
    if (of_.behind_with_logs() != 0 && now() - asked_ < confirmed_within)
        return look_often;
    bool moved = log::file_moved();  // by another primary, or by one before us that died over it
    std::uint64_t largest = 0;
    for (const std::string& each : paths()) {
        const auto done = observe::put_aside(each, {.bytes = limit.bytes, .files = limit.files});
        if (!done)
            complain(done.error());
        moved = moved || (done && *done);
        largest = std::max(largest, observe::size_of(each));
    }
    if (moved) {
        if (const auto done = reopen(); !done) {
            complain(done.error());
            return look_seldom;
        }
        told_.clear();
    }
    const std::uint64_t before = std::exchange(seen_, largest);
    return moved || largest > before + limit.bytes / much ? look_often : look_seldom;
}

std::vector<std::string> log_files::paths() const
{
    const config::settings& terms = of_.current()->settings();
    std::vector<std::string> all{log::file_path()};
    if (logs_by_slot(terms)) {
        for (const std::uint32_t slot : of_.filled_slots())
            all.push_back(log_path(terms, slot));
    }
    return all;
}

/// Once: on a full disk it would come with every look.
void log_files::complain(const fault& why)
{
    std::string words = why.text();
    if (words != told_)
        log::warn("{}; going on in the same file, and trying again", words);
    told_ = std::move(words);
}

result<> log_files::reopen()
{
    asked_ = now();
    return of_.reopen_logs();
}

void log_files::reopen_now()
{
    if (log::file_number() == -1)
        log::info("the log is no file: there is nothing to open anew");
    else if (const auto done = reopen(); done)
        log::info("the log's files were opened anew");
    else
        log::error("{}; lines go where they went before", done.error().text());
}

bool log_files::answers(std::string_view verb) const noexcept { return verb == "reopen"; }

awaitable<answer> log_files::handle(control::request what, control::asker&)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (what.slot)
        co_return detail::wrong("logs are opened anew by the whole app: name it without a slot");
    if (log::file_number() == -1)
        co_return answer{exit_code::done, "the log is no file: there is nothing to open anew"};
    if (const auto done = reopen(); !done)
        co_return answer{exit_code::refused,
                         done.error().text() + "; lines go where they went before"};
    const auto changed = [](supervisor& of) -> awaitable<result<>> {
        co_await of.change();
        co_return result<>{};
    };
    const steady_time until = detail::end_of(what);
    while (of_.behind_with_logs() != 0 && now() < until && !stopped(stop)) {
        auto wait = changed(of_);
        const nanoseconds left = until == steady_time::max() ? nanoseconds{1h} : until - now();
        static_cast<void>(
            co_await with_deadline(std::move(wait), std::max<nanoseconds>(left, 1ms)));
    }
    boost::json::object data{{"path", log::file_path()}, {"behind", of_.behind_with_logs()}};
    if (const unsigned behind = of_.behind_with_logs(); behind != 0)
        co_return answer{exit_code::timed_out,
                         fmt::format("{} did not confirm: what they write may go to the files of "
                                     "before for now",
                                     detail::plural(behind, "worker")),
                         std::move(data)};
    co_return answer{exit_code::done, fmt::format("lines go to {}, opened anew", log::file_path()),
                     std::move(data)};
}

}  // namespace cohort::primary
