#include <cohort/primary/mold.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/config/serialize.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/primary/memory_text.hpp>
#include <cohort/primary/mold_line.hpp>
#include <cohort/primary/trace_terms.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_first = 5ms;
constexpr nanoseconds look_seldom = 50ms;
constexpr int settings_invalid = 2;  // the exit code
constexpr const char* known_variable = "COHORT_KNOWN_FD";
constexpr int known_number = mold_line_number + 1;

fault refusal(std::string words)
{
    return {make_error_code(errc::answer_failed), "start the new program:", std::move(words)};
}

}  // namespace

mold::mold(process::child born, unique_fd line) noexcept
    : process_{std::move(born)}, line_{std::move(line)}
{}

result<std::shared_ptr<mold>> mold::start(const mold_plan& what)
{
    COHORT_TRY(auto ends, make_mold_line());
    process::program how;
    how.exec = what.path;
    how.binary = what.binary;
    if (!what.args.empty()) {
        how.argv0 = what.args.front();
        how.args.assign(what.args.begin() + 1, what.args.end());
    }
    how.cwd = what.folder;
    std::vector<std::string> variables = what.more;
    variables.push_back(fmt::format("{}={}", mold_variable, mold_line_number));
    how.env = process::environment_with(variables);
    how.keep.push_back({.ours = ends.second.borrow(), .number = mold_line_number});
    unique_fd known;
    if (!what.known.empty()) {
        config::settings words;
        words.env = what.known;
        COHORT_TRY(known, keep_text(config::serialize(words)));
        how.env.push_back(fmt::format("{}={}", known_variable, known_number));
        how.keep.push_back({.ours = known.borrow(), .number = known_number});
    }
    how.orphan = process::parent_death::kill();
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto born, process::spawn(std::move(permit), how));
    return std::make_shared<mold>(std::move(born), std::move(ends.first));
}

awaitable<result<config::settings>> mold::ready(std::shared_ptr<mold> us, nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + budget;
    for (backoff pauses{look_first, look_seldom}; !stopped(stop);) {
        // First its end, then its words: what it said before it ended is found all the same.
        const auto end = us->process_.try_reap();
        auto hello = hear_hello(us->line_.borrow(), 0ns);
        if (hello && hello->willing) {
            auto settings = config::deserialize(hello->text);
            if (!settings)
                co_return std::unexpected(refusal(settings.error().text()));
            us->made_.ledger_layout = hello->ledger_layout;
            us->made_.version = std::move(hello->version);
            co_return *std::move(settings);
        }
        if (hello && hello->code == settings_invalid)
            co_return std::unexpected(
                fault(make_error_code(errc::bad_value), "reload", std::move(hello->text)));
        if (hello)
            co_return std::unexpected(refusal(std::move(hello->text)));
        if (end)
            co_return std::unexpected(refusal(
                fmt::format("it ended before it was ready: {}; its own words are on its standard "
                            "error",
                            end->words())));
        if (hello.error().why() != errc::deadline_passed)
            co_return std::unexpected(refusal(hello.error().text()));
        if (now() >= until)
            co_return failed(errc::deadline_passed, "wait until the new program has started");
        co_await sleep_for(pauses.next());
    }
    co_return failed(errc::cancelled, "wait for the new program");
}

awaitable<> mold::ended() { static_cast<void>(co_await process_.exited()); }

result<process::kept_pair> mold::make_pair(const pairing& what, nanoseconds patience)
{
    mold_order order;
    order.slot = what.slot;
    COHORT_TRY(order.board, duplicate(what.board.fd()));
    COHORT_TRY(order.inbox, duplicate(what.inbox));
    COHORT_TRY(order.hotline, duplicate(what.hotline));
    COHORT_TRY(order.journal, duplicate(what.journal.fd()));
    COHORT_TRY(say(line_.borrow(), order));
    COHORT_TRY(auto made, hear_answer(line_.borrow(), patience));
    if (made.keeper == 0)
        return failed(errc::answer_failed, "fork a keeper in the mold:", std::move(made.text));
    // Our end alone is non-blocking already: the two ends are two open files.
    return process::kept_pair{
        .keeper = process::child::inherit(made.keeper, std::move(made.pidfd)),
        .line = std::move(made.line),
    };
}

result<unique_fd> take_mold_line()
{
    const char* const text = ::getenv(mold_variable);
    if (text == nullptr)
        return unique_fd{};
    const std::string written = text;
    ::unsetenv(mold_variable);
    const auto number = parse_integer<int>(written);
    if (!number || *number <= 2 || ::fcntl(*number, F_SETFD, FD_CLOEXEC) == -1)
        return failed(errc::malformed, "read COHORT_MOLD_FD", written);
    return unique_fd{*number};
}

std::map<std::string, std::string> take_known_variables()
{
    const char* const text = ::getenv(known_variable);
    const auto number = text == nullptr ? std::nullopt : parse_integer<int>(text);
    ::unsetenv(known_variable);
    // Only a mold has it, and only there the number is what it says.
    if (::getenv(mold_variable) == nullptr || number != known_number ||
        ::fcntl(*number, F_SETFD, FD_CLOEXEC) == -1)
        return {};
    const unique_fd memory{*number};
    const auto words = read_text(memory);
    const auto known = words ? config::deserialize(*words) : std::unexpected(words.error());
    if (!known) {
        log::error("what the primary knows of variables is lost: {}", known.error().text());
        return {};
    }
    return known->env;
}

void refuse_to_be_mold(const unique_fd& line, int code, std::string_view words) noexcept
{
    const mold_hello no{.willing = false, .code = code, .text = std::string{words}};
    static_cast<void>(say(line.borrow(), no));
}

namespace {

/// The pair is forked here, and goes on without us: we neither wait for it nor end it.
result<mold_answer> obey(mold_order order, const config::settings& settings, audience& life)
{
    COHORT_TRY(const auto board, board::segment::attach(std::move(order.board)));
    COHORT_TRY(auto journal, board::journal::attach(std::move(order.journal)));
    const birth_plan plain;
    const pairing what{.slot = order.slot,
                       .settings = settings,
                       .plan = plain,
                       .board = board,
                       .journal = journal,
                       .inbox = order.inbox.borrow(),
                       .hotline = order.hotline.borrow(),
                       .life = life};
    // Nobody tells a mold that the log was put aside.
    if (const auto opened = log::reopen_file(); !opened)
        log::warn("{}; going on in the one before", opened.error().text());
    COHORT_TRY(auto how, keeping_for(what));
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto made, process::start_keeper(std::move(permit), std::move(how)));
    mold_answer answer;
    answer.keeper = made.keeper.pid();
    COHORT_TRY(answer.pidfd, duplicate(made.keeper.pidfd()));
    answer.line = std::move(made.line);
    made.keeper.let_go();
    return answer;
}

}  // namespace

int serve_as_mold(unique_fd line, const config::settings& settings, audience& life)
{
    // Keepers that we forked end when their time has come; the kernel reaps them.
    struct sigaction unheard{};
    unheard.sa_handler = SIG_DFL;
    unheard.sa_flags = SA_NOCLDWAIT;
    ::sigaction(SIGCHLD, &unheard, nullptr);

    // A generation's spans are recorded as its environment has it; where they go is the primary's.
    static_cast<void>(trace_by(settings));
    mold_hello ready;
    ready.willing = true;
    ready.text = config::serialize(settings);
    if (const auto said = say(line.borrow(), ready); !said) {
        log::error("cannot serve as a mold: {}", said.error().text());
        return 1;
    }
    for (;;) {
        auto order = hear_order(line.borrow(), std::nullopt);
        if (!order)
            return order.error().why() == errc::channel_closed ? 0 : 1;
        auto answer = obey(*std::move(order), settings, life);
        mold_answer words;
        if (answer)
            words = *std::move(answer);
        else
            words.text = answer.error().text();
        if (const auto said = say(line.borrow(), words); !said)
            return 1;
    }
}

}  // namespace cohort::primary
