#include <cohort/dashboard/detail/house.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/dashboard/detail/embedded.hpp>
#include <cohort/dashboard/pages.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/middleware/csrf.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/process/signals.hpp>

#include <boost/asio/co_spawn.hpp>

#include <csignal>
#include <exception>
#include <filesystem>
#include <utility>

namespace cohort::dashboard::detail {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t connections_max = 512;
constexpr std::uint64_t body_bytes_max = 64 << 10;
constexpr unsigned lanes_wanted = 2;
constexpr std::size_t jobs_max = 256;
constexpr nanoseconds look_around = 1s;
constexpr nanoseconds finish_within = 3s;
constexpr nanoseconds send_within = 1s;  // of telemetry, at the end
constexpr int failed_code = 1;

}  // namespace

house::house(const premises& with)
    : with_{with},
      hatch_{loop_.get_executor()},
      primary_{hatch_},
      eyes_{{.executor = loop_.get_executor(),
             .primary = primary_,
             .board = *with.board,
             .add_losses =
                 [this](losses& to) {
                     if (exporter_)
                         to.add("spans", exporter_->spans_lost().value_or(0));
                     if (gate_)
                         to.add("wrong_tokens", gate_->wrong());
                 }}},
      metrics_{loop_.get_executor(), *with.board},
      health_{loop_.get_executor(), primary_, metrics_, *with.settings},
      api_{primary_, eyes_}
{
    lanes::of(loop_).configure(lanes_wanted, jobs_max);
}

http::server_options house::terms() const
{
    http::server_options how;
    how.connections_max = connections_max;
    how.limits.body_bytes_max = body_bytes_max;
    return how;
}

void house::furnish(http::router& routes, side which)
{
    routes.use(page_rules());
    routes.use(known_hosts(with_.settings->admin.hosts));
    routes.use(http::csrf());
    if (which == side::remote) {
        routes.use(few_guesses(*gate_));
        routes.use(http::authenticated(by_token(*gate_)));
        routes.use(orders_of_operators());
    }
    health_.add_to(routes);
    add_pages(routes, embedded_files());
    http::routes below = routes.group("/api/v1");
    api_.add_to(below);
}

result<> house::open(side which, int socket)
{
    wing& made = (which == side::local ? local_ : remote_).emplace();
    furnish(made.routes, which);
    COHORT_TRY(made.routes.freeze());
    made.server = std::make_unique<http::server>(loop_, poller_, made.routes, terms());
    auto give = [server = made.server.get()](unique_fd connection) {
        if (const auto taken = server->take(std::move(connection)); !taken)
            log::debug("connection not taken: {}", taken.error().text());
    };
    door::doorkeeper welcome;
    if (which == side::local)
        welcome = [with = with_](int connection) {
            return is_welcome(connection, with.first, with.free_filters);
        };
    made.entrance = std::make_unique<door>(loop_.get_executor(), unique_fd{socket}, std::move(give),
                                           std::move(welcome));
    doors_.spawn(made.entrance->run());
    return {};
}

result<> house::open()
{
    COHORT_TRY(poller_.start());
    COHORT_TRY(hatch_.open(unique_fd{with_.hatch}));
    gate_.emplace(with_.token.empty() ? token_guard{with_.settings->admin.token}
                                      : token_guard{with_.token},
                  with_.view_token.empty() ? token_guard{with_.settings->admin.view_token}
                                           : token_guard{with_.view_token});
    if (with_.telemetry != nullptr && with_.telemetry->any()) {
        metrics::settle(with_.board->commons());
        exporter_.emplace(with_.board->commons(), *with_.telemetry);
    }
    if (with_.local != -1) {
        COHORT_TRY(open(side::local, with_.local));
    }
    if (with_.remote != -1) {
        COHORT_TRY(open(side::remote, with_.remote));
    }
    return {};
}

std::size_t house::connections() const noexcept
{
    return (local_ ? local_->server->connections() : 0) +
           (remote_ ? remote_->server->connections() : 0);
}

awaitable<> house::hear_signals()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    auto caught = process::signals::catch_these(loop_.get_executor(), {SIGTERM});
    if (!caught)
        co_return;
    const auto heard = co_await caught->next();
    if (!stopped(stop)) {
        leaves_ = true;
        leaving_.notify_all();
    }
}

/// Somebody has put its file aside: the primary opens the new one, we may not.
awaitable<> house::follow_log()
{
    if (!log::file_moved())
        co_return;
    auto asking = hatch_.ask_one({.what = control::goods::own_log});
    auto file = co_await std::move(asking);
    auto taken = file ? log::replace_file(*std::move(file)) : std::unexpected(file.error());
    if (!taken)
        log::warn("{}; going on in the old file", taken.error().text());
}

/// Nobody has come for a while; or where telemetry goes can only be found by another process.
bool house::has_outlived(steady_time empty_since) const
{
    if (now() - empty_since >= with_.rests_after)
        return true;
    if (!exporter_ || !hosts_.replaced())
        return false;
    log::info("files that tell where hosts are have changed: another process goes on with them");
    return true;
}

awaitable<> house::watch_over()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    steady_time empty_since = now();
    while (!stopped(stop)) {
        if (with_.beats != nullptr)
            with_.beats->fetch_add(1, std::memory_order_relaxed);
        co_await sleep_for(std::min(look_around, with_.rests_after));
        awaitable<> following = follow_log();
        co_await std::move(following);
        log::flush();
        if (with_.resident || connections() > 0)
            empty_since = now();
        if (!has_outlived(empty_since))
            continue;
        // Who comes from now on is the next one's: the doors stay open in the primary.
        leaves_ = true;
        leaving_.notify_all();
    }
}

/// Nobody is let in any more; who waits for an answer gets it, if it comes soon.
awaitable<> house::leave()
{
    doors_.stop();
    co_await doors_.join();
    eyes_.close();
    for (std::optional<wing>* each : {&local_, &remote_}) {
        if (!*each)
            continue;
        auto finishing = (*each)->server->drain(finish_within);
        static_cast<void>(co_await std::move(finishing));
        (*each)->server->stop();
    }
    tasks_.stop();
    co_await tasks_.join();
    if (exporter_) {
        auto flushing = exporter_->flush(send_within);
        co_await std::move(flushing);
        auto closing = exporter_->close();
        co_await std::move(closing);
    }
}

awaitable<> house::live()
{
    tasks_.spawn(hear_signals());
    tasks_.spawn(eyes_.run());
    tasks_.spawn(watch_over());
    if (exporter_)
        exporter_->start(tasks_);
    // Deadline: none, this is the life of the process.
    while (!leaves_)
        co_await leaving_.wait();
    awaitable<> leaving = leave();
    co_await std::move(leaving);
    poller_.stop();
}

/// What escapes from a task ends the process, and not those who are being answered: connections
/// are closed as always.
int house::run_loop()
{
    int code = 0;
    while (!loop_.stopped()) {
        try {
            loop_.run();
        } catch (const std::exception& thrown) {
            log::error("exception escaped in the process of the dashboard: {}; it ends",
                       thrown.what());
            code = failed_code;
            leaves_ = true;
            leaving_.notify_all();
        }
    }
    return code;
}

int house::run()
{
    if (const auto opened = open(); !opened) {
        log::error("the dashboard cannot begin: {}", opened.error().text());
        return failed_code;
    }
    auto life = live();
    asio::co_spawn(loop_, std::move(life), [this](std::exception_ptr thrown) {
        loop_.stop();
        if (thrown)
            std::rethrow_exception(thrown);
    });
    const int code = run_loop();
    lanes::of(loop_).stop();
    return code;
}

}  // namespace cohort::dashboard::detail
