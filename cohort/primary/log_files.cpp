#include <cohort/primary/log_files.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_rotation.hpp>
#include <cohort/primary/detail/change_of.hpp>
#include <cohort/primary/detail/requests.hpp>
#include <cohort/primary/log_terms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
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
constexpr nanoseconds remind_soon = 1s;
constexpr nanoseconds remind_seldom = 60s;
/// Whoever may read a file can lock it: that does not let it grow for ever.
constexpr nanoseconds locked_at_most = 60s;

}  // namespace

bool log_files::is_file() const
{
    return of_.current()->settings().log.to.what == config::log_target::kind::file;
}

awaitable<> log_files::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (is_file() && !stopped(stop)) {
        const nanoseconds pause = look();
        co_await sleep_for(pause);
    }
}

/// Returns when to look again.
nanoseconds log_files::look()
{
    const bool open = log::file_number() != -1;
    const config::rotation& limit = of_.current()->settings().log.rotate;
    if (open && of_.behind_with_logs() == 0) {
        reminded_ = now();
        patience_ = remind_soon;
    } else if (open) {
        remind();
        if (limit.on() && now() - asked_ < confirmed_within)
            return look_often;
    }
    // By another primary, by one before us that died over it, or by somebody who says nothing.
    const bool moved = !open || log::file_moved();
    const bool aside = open && limit.on() && put_aside();
    if (moved || aside) {
        if (const auto done = reopen(); !done) {
            complain(done.error());
            return look_seldom;
        }
        told_.clear();
    }
    if (!limit.on())
        return look_seldom;
    std::uint64_t largest = 0;
    for (const std::string& each : paths())
        largest = std::max(largest, observe::size_of(each));
    const std::uint64_t before = std::exchange(seen_, largest);
    return moved || aside || largest > before + limit.bytes / much ? look_often : look_seldom;
}

/// Returns whether any was.
bool log_files::put_aside()
{
    const config::rotation& limit = of_.current()->settings().log.rotate;
    observe::rotation_limit when{.bytes = limit.bytes, .files = limit.files};
    if (locked_ != steady_time{} && now() - locked_ > locked_at_most) {
        log::warn("somebody keeps a log file locked: it is put aside all the same");
        when.locked = false;
    }
    bool any = false;
    bool locked = false;
    for (const std::string& each : paths()) {
        const auto done = observe::put_aside(each, when);
        if (done)
            any = any || *done;
        else if (done.error().why().value() == EAGAIN)
            locked = true;
        else
            complain(done.error());
    }
    if (!locked)
        locked_ = {};
    else if (locked_ == steady_time{})
        locked_ = now();
    return any;
}

/// There was no descriptor for it, or no room in the channel; or it hangs, and has enough to read.
void log_files::remind()
{
    if (now() - reminded_ < patience_)
        return;
    reminded_ = now();
    patience_ = std::min(2 * patience_, remind_seldom);
    if (const auto done = give(); !done)
        complain(done.error());
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
    reminded_ = asked_;
    patience_ = remind_soon;
    return give();
}

result<> log_files::give()
{
    if (log::file_number() == -1) {
        COHORT_TRY(log::go_to_file(log_path(of_.current()->settings(), std::nullopt)));
    }
    return of_.reopen_logs();
}

void log_files::reopen_now()
{
    if (!is_file())
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
    if (!is_file())
        co_return answer{exit_code::done, "the log is no file: there is nothing to open anew"};
    if (const auto done = reopen(); !done)
        co_return answer{exit_code::refused,
                         done.error().text() + "; lines go where they went before"};
    const steady_time until = detail::end_of(what);
    while (of_.behind_with_logs() != 0 && now() < until && !stopped(stop))
        co_await detail::change_of(of_, until);
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
