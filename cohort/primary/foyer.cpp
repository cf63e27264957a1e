#include <cohort/primary/foyer.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/control/place.hpp>
#include <cohort/net/browser_address.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/net/socket_option.hpp>
#include <cohort/net/tcp_address.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/observe/otlp_metrics.hpp>

#include <fmt/format.h>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds long_enough = 10s;  // to have done something
constexpr nanoseconds leaves_within = 5s;
constexpr nanoseconds look_every = 1s;
constexpr int queue_length = 64;

/// Who has the admin socket of that name has this one, too.
bool give_way(const std::filesystem::path&) { return true; }

bool is_door_at(int number, const net::endpoint& where)
{
    if (net::socket_option(number, SOL_SOCKET, SO_ACCEPTCONN) != 1)
        return false;
    const auto at = net::local_endpoint(number);
    return at && at->kind() == where.kind() && at->port() == where.port() &&
           (at->host() == where.host() ||
            (net::is_every_address(at->host()) && net::is_every_address(where.host())));
}

}  // namespace

foyer::foyer(const parts& with)
    : with_{with}, changed_{with.executor}
{}

foyer::~foyer()
{
    stop_watching();
    log::export_by_nobody();
}

/// Says what leaves this machine, and has all processes leave their lines for it.
void foyer::begin_telemetry()
{
    if (const std::string whither = observe::destinations(with_.telemetry); !whither.empty())
        log::info("telemetry: {}", whither);
    if (const auto begun = share_telemetry(); !begun && with_.telemetry.any())
        log::warn("telemetry lacks shared memory: {}; going on without", begun.error().text());
}

result<> foyer::share_telemetry()
{
    const board::commons shared = with_.board.commons();
    // The cohort counts from now on, whoever comes to send what it counts.
    COHORT_TRY(observe::counting_since(shared));
    COHORT_TRY(auto lines, observe::log_export::in(shared));
    if (with_.telemetry.logs.wanted)
        lines.begin();
    else
        lines.end();
    return log::export_by(shared);
}

void foyer::open(const std::filesystem::path& admin_socket, std::vector<int>* left_open)
{
    begin_telemetry();
    admin_ = admin_socket;
    if (admin_.empty()) {
        if (!with_.settings.admin.http.empty())
            log::warn("no dashboard: there is no admin socket where it could ask; going on "
                      "without");
        return;
    }
    open_local(left_open);
    if (!with_.settings.admin.http.empty())
        open_remote(left_open);
}

void foyer::open_local(std::vector<int>* left_open)
{
    const auto path = control::dashboard_beside(admin_);
    if (left_open != nullptr) {
        const std::array places{path};
        if (auto found = control::entrance::inherit(places, *left_open)) {
            std::erase(*left_open, found->socket().borrow());
            local_ = *std::move(found);
            return;
        }
    }
    auto made = control::entrance::open_at(path, give_way);
    if (made)
        local_ = *std::move(made);
    else
        log::warn("no dashboard at a socket: {}; going on without", made.error().text());
}

result<unique_fd> foyer::listen(const net::endpoint& where, std::vector<int>* left_open) const
{
    if (left_open != nullptr) {
        const auto found = std::ranges::find_if(
            *left_open, [&where](int each) { return is_door_at(each, where); });
        if (found != left_open->end()) {
            unique_fd ours{*found};
            left_open->erase(found);
            return ours;
        }
    }
    net::listen_options how;
    how.backlog = queue_length;
    return net::open_listener(where, how);
}

void foyer::open_remote(std::vector<int>* left_open)
{
    const std::string& text = with_.settings.admin.http;
    const auto where = net::tcp_address(text);
    auto opened = where ? listen(*where, left_open) : std::unexpected(where.error());
    if (!opened) {
        log::warn("no dashboard at {}: {}; going on without", text, opened.error().text());
        return;
    }
    remote_ = *std::move(opened);
    auto kept = keep_tokens(with_.settings.admin, admin_);
    if (!kept) {
        log::warn("no dashboard over TCP without a token: {}; going on without",
                  kept.error().text());
        remote_.reset();
        return;
    }
    tokens_ = *std::move(kept);
    if (!net::is_own_address(where->host()))
        log::warn(
            "admin.http is at {}, which others reach, without TLS: whoever listens on the way "
            "learns the token; put something in front that speaks TLS, or keep that network "
            "to yourself",
            where->text());
    const std::string known =
        tokens_.order.empty() ? std::string{"admin.token"} : tokens_.order.string();
    log::info("the dashboard is at {}, for whoever has the token in {}",
              net::browser_address(*where).value_or(where->text()), known);
}

bool foyer::has_doors() const noexcept { return local_ || remote_.valid(); }

std::vector<int> foyer::doors() const
{
    std::vector<int> all;
    if (local_)
        all.push_back(local_->socket().borrow());
    if (remote_.valid())
        all.push_back(remote_.borrow());
    return all;
}

void foyer::ready(std::uint32_t) noexcept
{
    // The connection stays in the queue, and would be told of again and again.
    stop_watching();
    knocked_ = true;
    changed_.notify_all();
}

void foyer::stop_watching() noexcept
{
    for (const int each : std::exchange(watched_, {}))
        with_.poller.forget(each, *this);
}

result<> foyer::watch_doors()
{
    for (const int each : doors()) {
        COHORT_TRY(with_.poller.watch(each, EPOLLIN, *this));
        watched_.push_back(each);
    }
    return {};
}

awaitable<> foyer::knock()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    knocked_ = false;
    backoff pause{100ms, 30s};
    bool complained = false;
    while (!stopped(stop)) {
        const auto begun = watch_doors();
        if (begun)
            break;
        stop_watching();
        if (!std::exchange(complained, true))
            log::warn("cannot watch the doors of the dashboard: {}; trying again",
                      begun.error().text());
        co_await sleep_for(pause.next());
    }
    // Deadline: none, perhaps nobody ever comes.
    while (!knocked_ && !stopped(stop))
        co_await changed_.wait();
    stop_watching();
}

result<dashboard_process> foyer::give_birth()
{
    dashboard_plan plan;
    plan.title = fmt::format("cohort: dashboard ({})", with_.settings.name);
    plan.what.local = local_ ? local_->socket().borrow() : -1;
    plan.what.remote = remote_.valid() ? remote_.borrow() : -1;
    plan.what.token = tokens_.order;
    plan.what.view_token = tokens_.view;
    plan.what.beats = pulse_ ? &pulse_->beats() : nullptr;
    plan.what.settings = &with_.settings;
    plan.what.board = &with_.board;
    plan.what.telemetry = &with_.telemetry;
    plan.what.resident = with_.telemetry.any();
    plan.box = box_;
    return give_birth_to(plan, with_.executor, with_.life, with_.goods);
}

nanoseconds foyer::judge(const result<process::exit_reason>& how, nanoseconds lived)
{
    if (how && how->code() == 0) {
        pauses_.reset();
        return 0ns;
    }
    if (lived >= long_enough)
        pauses_.reset();
    const nanoseconds pause = lived >= long_enough ? 0ns : pauses_.next();
    log::warn("the process of the dashboard ended: {}; whoever comes next starts another one{}",
              how ? how->words() : how.error().text(),
              pause > 0ns ? fmt::format(", in {} ms at the earliest",
                                        std::chrono::duration_cast<milliseconds>(pause).count())
                          : std::string{});
    return pause;
}

/// Until it ends, which it does when nobody has come for a while, or it is ended.
awaitable<result<process::exit_reason>> foyer::watch_over()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    silent_ = false;
    if (pulse_)
        pulse_->begin();
    while (!stopped(stop)) {
        auto ending = process_->exited();
        auto ended = co_await with_deadline(std::move(ending), look_every);
        if (ended || ended.error().why() != errc::deadline_passed)
            co_return ended;
        end_if_silent();
    }
    co_return failed(errc::cancelled, "watch over the process of the dashboard");
}

void foyer::end_if_silent()
{
    if (!pulse_ || !pulse_->look() || silent_)
        return;
    if (is_debugged(process_->pid())) {
        pulse_->begin();
        return;
    }
    silent_ = true;
    log::error(
        "the process {} of the dashboard has not turned its event loop for {} s; killing it, "
        "whoever comes next starts another one",
        process_->pid(), dashboard_pulse::looks_max);
    static_cast<void>(process_->signal(SIGKILL));
}

/// Nobody is left alone with one that hangs, as long as there is memory to tell.
void foyer::prepare_watch()
{
    restarts_ =
        &metrics::counter("cohort_dashboard_restarts_total",
                          "Processes of the dashboard that ended against their will", {"reason"});
    for (const char* each : {"died", "silent"})
        static_cast<void>(restarts_->with(each));
    if (auto pulse = dashboard_pulse::in(with_.board.commons()))
        pulse_ = *pulse;
    else
        log::warn("a dashboard that hangs will not be noticed: {}; going on", pulse.error().text());
}

/// Strangers talk to that process. Without a sandbox, it is not.
bool foyer::prepare_box()
{
    auto made = dashboard_box(tokens_);
    if (!made) {
        log::error("no dashboard, since it cannot live in a sandbox: {}; going on without",
                   made.error().text());
        return false;
    }
    box_ = *std::move(made);
    log::debug("the dashboard lives in {}", box_->words());
    for (const std::string& each : box_->missing())
        log::info("the dashboard's sandbox lacks something: {}; going on", each);
    return true;
}

awaitable<> foyer::live()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    auto born = give_birth();
    if (!born) {
        log::warn("cannot start the process of the dashboard: {}; trying again",
                  born.error().text());
        co_await sleep_for(pauses_.next());
        co_return;
    }
    process_.emplace(std::move(born->child));
    hatch_ = std::move(born->hatch);
    const steady_time since = now();
    log::debug("the process of the dashboard is {}", process_->pid());
    auto watching = watch_over();
    const auto ended = co_await std::move(watching);
    if (stopped(stop))
        co_return;
    process_.reset();
    hatch_.reset();
    if (!ended || ended->code() != 0)
        restarts_->with(silent_ ? "silent" : "died").add();
    const nanoseconds pause = judge(ended, now() - since);
    if (pause > 0ns)
        co_await sleep_for(pause);
}

awaitable<> foyer::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const bool resident = with_.telemetry.any();
    if (!has_doors() && !resident)
        co_return;
    prepare_watch();
    if (!prepare_box())
        co_return;
    while (!stopped(stop)) {
        if (!resident) {
            awaitable<> wait = knock();
            co_await std::move(wait);
        }
        if (stopped(stop))
            break;
        awaitable<> life = live();
        co_await std::move(life);
    }
}

awaitable<> foyer::close()
{
    stop_watching();
    if (process_) {
        // Whoever asked it to stop the cohort still waits for its answer.
        static_cast<void>(process_->signal(SIGTERM));
        auto end = process_->exited();
        static_cast<void>(co_await with_deadline(std::move(end), leaves_within));
        process_.reset();
    }
    hatch_.reset();
    if (local_)
        local_->remove();
    if (tokens_.made)
        ::unlink(tokens_.order.c_str());
}

}  // namespace cohort::primary
