#include <cohort/cli/background.hpp>

#include <cohort/base/try.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/process/background.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace cohort::cli {

namespace {

using namespace std::chrono_literals;
using control::answer;
using control::request;

constexpr milliseconds look_again = 20ms;
/// Who has served for so long without a death has started. Many a program ends over what it finds
/// only after it listens.
constexpr milliseconds second_look = 500ms;

result<process::child> spawn(const launch_record& what, const std::filesystem::path& log)
{
    process::program how;
    how.exec = what.program;
    how.args = what.args;
    how.env = process::environment_with({fmt::format("{}=1", process::background_variable)});
    how.cwd = what.folder;
    how.in = process::stdio::null();
    how.out = process::stdio::file(log.string());
    how.err = process::stdio::file(log.string());
    how.new_session = true;
    how.orphan = process::parent_death::ignored();
    COHORT_TRY(auto permit, process::fork_permit::ask());
    return process::spawn(std::move(permit), how);
}

/// The cohort that `root` is, once it can be asked.
std::optional<answer> ask_it(const std::string& app, pid_t root)
{
    const auto all = control::find_cohorts(control::viewpoint::here());
    if (!all)
        return std::nullopt;
    for (const control::cohort_place& each : *all) {
        if (each.app != app)
            continue;
        request ask{"ls"};
        ask.budget = 1s;
        auto said = ask_quietly({.place = each, .slot = {}}, ask, control::client::manner::once);
        if (said.code == exit_code::done && number_at(said.data, "root") == root)
            return said;
    }
    return std::nullopt;
}

/// What is known once the slots have settled.
std::optional<answer> verdict(const answer& said)
{
    const auto serving = number_at(said.data, "serving").value_or(0);
    const auto parked = number_at(said.data, "parked").value_or(0);
    const auto wanted = number_at(said.data, "wanted").value_or(0);
    boost::json::object data{{"root", number_at(said.data, "root").value_or(0)},
                             {"serving", serving},
                             {"wanted", wanted}};
    if (wanted > 0 && serving == wanted)
        return answer{exit_code::done, fmt::format("{} of {} workers serve", serving, wanted),
                      std::move(data)};
    if (parked > 0 && serving + parked >= wanted)
        return answer{
            exit_code::degraded,
            fmt::format("{} of {} workers serve, {} slots parked", serving, wanted, parked),
            std::move(data)};
    return std::nullopt;
}

std::int64_t deaths_in(const answer& said)
{
    std::int64_t all = 0;
    for (const boost::json::object* slot : objects_at(said.data, "slots"))
        all += number_at(*slot, "restarts").value_or(0);
    return all;
}

/// Whether it serves, and goes on doing so. A value.
class trial {
public:
    /// What is known by now: nothing, as long as it may still change.
    std::optional<answer> look(const answer& said)
    {
        auto known = verdict(said);
        if (!known || known->code != exit_code::done) {
            good_.reset();
            return known;
        }
        const auto deaths = deaths_in(said);
        if (std::exchange(deaths_, deaths) != deaths || !good_)
            since_ = now();
        good_ = std::move(known);
        if (now() - since_ < second_look)
            return std::nullopt;
        return good_;
    }

    /// What the last look showed, if it was good.
    [[nodiscard]] std::optional<answer> good() const { return good_; }
    [[nodiscard]] milliseconds pause() const noexcept { return good_ ? second_look : look_again; }

private:
    std::optional<answer> good_;
    steady_time since_{};
    std::int64_t deaths_ = 0;
};

/// Without its socket it would run, and no verb would know of it.
result<> can_be_asked(const std::string& app)
{
    auto door = control::entrance::open(app, control::viewpoint::here(),
                                        [](const std::filesystem::path&) { return false; });
    if (door)
        door->remove();
    // A cohort that leaves may still have it; the one that comes gets it then.
    else if (door.error().why().value() != EADDRINUSE)
        return std::unexpected(std::move(door).error());
    return {};
}

answer left_at_once(const process::exit_reason& how)
{
    const int code = how.code().value_or(static_cast<int>(exit_code::refused));
    const bool known = code >= 1 && code <= static_cast<int>(exit_code::refused);
    return {known ? static_cast<exit_code>(code) : exit_code::refused,
            "it did not start: " + how.words()};
}

}  // namespace

answer start_in_background(const launch_record& what, const std::filesystem::path& state,
                           milliseconds wait, console& out)
{
    const steady_time until = now() + wait;
    if (const auto can = can_be_asked(what.app); !can)
        return {exit_code::refused, "no verb could reach it: " + can.error().text()};
    auto born = spawn(what, log_file(state, what.app));
    if (!born)
        return {exit_code::refused, born.error().text()};
    std::int64_t told = -1;
    trial looks;
    while (now() < until) {
        if (const auto ended = born->try_reap())
            return left_at_once(*ended);
        if (const auto said = ask_it(what.app, born->pid())) {
            if (auto known = looks.look(*said)) {
                born->let_go();
                return *std::move(known);
            }
            const auto serving = number_at(said->data, "serving").value_or(0);
            if (std::exchange(told, serving) != serving)
                out.progress(fmt::format("{}: {} of {} workers serve", what.app, serving,
                                         count_at(said->data, "wanted")));
        }
        // Its end is an event; that it serves is not, for somebody who is not its parent.
        pollfd end{.fd = born->pidfd().borrow(), .events = POLLIN, .revents = 0};
        ::poll(&end, 1, static_cast<int>(looks.pause().count()));
    }
    born->let_go();
    if (auto known = looks.good())
        return *std::move(known);
    return {exit_code::timed_out, "it does not serve yet; it goes on starting"};
}

namespace {

/// Held while it certainly lives: later its number may be somebody else's. Not valid: it is gone.
unique_fd hold_process(std::optional<std::int64_t> pid)
{
    return unique_fd{pid ? static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(*pid), 0))
                         : -1};
}

/// Errors: errc::deadline_passed.
result<> wait_for_end(const unique_fd& process, milliseconds wait)
{
    const steady_time until = now() + wait;
    for (;;) {
        const auto left =
            std::max<milliseconds>(std::chrono::ceil<milliseconds>(until - now()), milliseconds{0});
        pollfd end{.fd = process.borrow(), .events = POLLIN, .revents = 0};
        const int got = ::poll(&end, 1, static_cast<int>(left.count()));
        if (got > 0)
            return {};
        if (got == 0)
            return failed(errc::deadline_passed, "wait for the end of a process");
        if (errno != EINTR)
            return failed("wait for the end of a process");
    }
}

}  // namespace

answer stop_and_wait(const target& whom, milliseconds wait, bool at_once, console& out)
{
    const steady_time until = now() + wait;
    request look{"ls"};
    look.budget = std::min<milliseconds>(wait, 5s);
    auto before = ask_quietly(whom, look, control::client::manner::repeatable);
    if (before.code != exit_code::done)
        return before;
    const auto root = number_at(before.data, "root");
    const unique_fd process = hold_process(root);
    request what{"stop"};
    what.budget = wait;
    what.arguments["now"] = at_once;
    target app = whom;
    app.slot.reset();
    auto said = ask(app, what, control::client::manner::repeatable, out);
    // Asked while the last primary ended, and found nobody any more: that is what was wanted.
    if (said.code == exit_code::no_such_cohort)
        said = {exit_code::done, "stopped"};
    if (said.code != exit_code::done || !process.valid())
        return said;
    const auto left = std::max<milliseconds>(
        std::chrono::duration_cast<milliseconds>(until - now()), milliseconds{1000});
    if (const auto ended = wait_for_end(process, left); !ended)
        return {exit_code::timed_out,
                "its workers have left, and process " + std::to_string(*root) + " is still there"};
    return said;
}

}  // namespace cohort::cli
