#include <cohort/testing/witness.hpp>

#include <cohort/base/random.hpp>
#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/detail/witness_book.hpp>
#include <cohort/testing/detail/witness_connection.hpp>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

namespace cohort::testing {

using namespace std::chrono_literals;
using detail::witness_book;
using detail::witness_connection;

namespace {

constexpr std::uint32_t timer_tag = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t watch_tag = timer_tag - 1;
constexpr nanoseconds expiry_period = 50ms;

struct alarm {
    steady_time when{};
    std::uint32_t connection = 0;
    friend bool operator>(const alarm& a, const alarm& b) noexcept { return a.when > b.when; }
};

timespec to_timespec(steady_time when) noexcept
{
    const auto ns = std::max<std::int64_t>(when.time_since_epoch().count(), 1);
    return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

result<> watch(int epoll, int descriptor, std::uint32_t tag)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = tag;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == -1)
        return failed("watch a descriptor");
    return {};
}

}  // namespace

struct witness::state {
    state(witness_plan what, const net::socket_address& server)
        : plan{std::move(what)}, schedule{plan.asks}, choice{plan.asks.seed}
    {
        setting.server = server;
        setting.timeout = plan.timeout;
        setting.plain_target = plan.plain_target;
    }

    [[nodiscard]] bool open_loop() const noexcept { return plan.rate > 0; }

    result<> prepare();
    void start(steady_time when);
    bool turn(steady_time until);
    void issue(steady_time when);
    void issue_one(steady_time planned, steady_time when);
    void look_at(std::uint32_t connection);
    void ring(steady_time when);
    void expire(steady_time when);
    [[nodiscard]] steady_time next_event(steady_time until) const;
    void sleep_until(steady_time when);
    [[nodiscard]] bool over(steady_time when);
    void finish(steady_time when);
    void stop(steady_time when);

    witness_plan plan;
    witness_schedule schedule;
    random_source choice;  // of connections: where, never what
    detail::witness_setting setting;
    witness_book book;

    unique_fd epoll;
    unique_fd timer;
    int watched = -1;
    std::function<void()> readable;

    std::vector<std::unique_ptr<witness_connection>> connections;
    std::vector<std::uint32_t> free;
    std::vector<bool> listed;  // by connection: it is in `free`
    std::priority_queue<alarm, std::vector<alarm>, std::greater<>> alarms;

    steady_time began{};
    steady_time ends{};
    steady_time looked{};  // for requests that took too long
    std::uint64_t next_item = 0;
    std::uint64_t items = 0;  // open loop: in all
    std::uint64_t next_number = 1;
    bool started = false;
    bool finished = false;
};

result<> witness::state::prepare()
{
    epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    timer.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!epoll.valid() || !timer.valid())
        return failed("prepare a witness");
    COHORT_TRY(testing::watch(epoll.borrow(), timer.borrow(), timer_tag));

    listed.resize(plan.connections);
    for (std::uint32_t i = 0; i < plan.connections; ++i) {
        connections.push_back(
            std::make_unique<witness_connection>(i, epoll.borrow(), setting, book));
        look_at(i);
    }
    return {};
}

void witness::state::start(steady_time when)
{
    started = true;
    began = when;
    ends = when + plan.duration;
    looked = when;
    book.begin(when, plan.asks.seed);
    for (; open_loop() && witness_schedule::due(items, plan.rate) < plan.duration; ++items)
        book.plan(schedule.at(items).requests);
}

void witness::state::stop(steady_time when)
{
    if (!started || finished || when >= ends)
        return;
    ends = when;
    // What was due until now stays planned.
    while (open_loop() && items > next_item &&
           began + witness_schedule::due(items - 1, plan.rate) > when)
        book.forget(schedule.at(--items).requests);
}

/// Free connections get what is due.
void witness::state::issue(steady_time when)
{
    while (!free.empty()) {
        if (!open_loop()) {
            if (when >= ends)
                return;
            book.plan(schedule.at(next_item).requests);
            issue_one(when, when);
            continue;
        }
        const steady_time due = began + witness_schedule::due(next_item, plan.rate);
        if (next_item == items || due > when)
            return;
        issue_one(due, when);
    }
}

void witness::state::issue_one(steady_time planned, steady_time when)
{
    const std::size_t place = choice.next() % free.size();
    const std::uint32_t chosen = free[place];
    free[place] = free.back();
    free.pop_back();
    listed[chosen] = false;

    const witness_item item = schedule.at(next_item++);
    connections[chosen]->take(item, next_number, planned, when);
    next_number += item.requests;
    look_at(chosen);
}

/// After anything happened to a connection.
void witness::state::look_at(std::uint32_t connection)
{
    const witness_connection& one = *connections[connection];
    if (const auto when = one.wake_at())
        alarms.push({*when, connection});
    if (one.free() && !listed[connection]) {
        listed[connection] = true;
        free.push_back(connection);
    }
}

void witness::state::ring(steady_time when)
{
    while (!alarms.empty() && alarms.top().when <= when) {
        const alarm due = alarms.top();
        alarms.pop();
        // It may have been woken already, or want to be woken at another time.
        if (connections[due.connection]->wake_at() != due.when)
            continue;
        connections[due.connection]->wake(when);
        look_at(due.connection);
    }
}

void witness::state::expire(steady_time when)
{
    if (when - looked < expiry_period)
        return;
    looked = when;
    for (std::uint32_t i = 0; i < connections.size(); ++i) {
        if (connections[i]->busy()) {
            connections[i]->expire(when);
            look_at(i);
        }
    }
}

steady_time witness::state::next_event(steady_time until) const
{
    steady_time next = std::min(until, looked + expiry_period);
    if (!alarms.empty())
        next = std::min(next, alarms.top().when);
    if (open_loop() && next_item < items && !free.empty())
        next = std::min(next, began + witness_schedule::due(next_item, plan.rate));
    return next;
}

void witness::state::sleep_until(steady_time when)
{
    const itimerspec at{.it_interval = {}, .it_value = to_timespec(when)};
    ::timerfd_settime(timer.borrow(), TFD_TIMER_ABSTIME, &at, nullptr);
    std::array<epoll_event, 128> events{};
    const int count =
        ::epoll_wait(epoll.borrow(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const std::uint32_t tag = event.data.u32;
        if (tag == timer_tag)
            continue;
        if (tag == watch_tag) {
            if (readable)
                readable();
            continue;
        }
        // A clock of its own for each: the answers before it took their time to check.
        connections[tag]->ready(event.events, now());
        look_at(tag);
    }
}

bool witness::state::over(steady_time when)
{
    // Whatever is planned was due at the end at the latest. What nobody had a connection for by
    // now is given up; what is on its way has its time.
    if (open_loop() && when >= ends + plan.timeout) {
        for (; next_item < items; ++next_item) {
            const witness_item item = schedule.at(next_item);
            book.unsent(item.kind, item.requests);
        }
    }
    const bool all_issued = open_loop() ? next_item == items : when >= ends;
    return all_issued &&
           std::ranges::none_of(connections, [](const auto& one) { return one->busy(); });
}

void witness::state::finish(steady_time when)
{
    finished = true;
    book.end(when);
    if (!plan.counts)
        return;
    book.want_counts();
    if (const auto counted = plan.counts())
        book.counts(*counted);
}

/// True: there is more to do, and the time was up.
bool witness::state::turn(steady_time until)
{
    for (;;) {
        const steady_time when = now();
        ring(when);
        expire(when);
        issue(when);
        if (over(when)) {
            finish(when);
            return false;
        }
        if (when >= until)
            return true;
        sleep_until(next_event(until));
    }
}

result<witness> witness::make(witness_plan plan)
{
    if (plan.connections == 0 || plan.connections > 100'000)
        return failed(errc::bad_value, "prepare a witness: connections must be 1 to 100,000");
    if (plan.asks.mix.sum() == 0)
        return failed(errc::bad_value, "prepare a witness: every weight of the mix is 0");
    if (plan.duration <= 0ns || plan.timeout <= 0ns || plan.rate < 0 || plan.rate > 1e7)
        return failed(errc::bad_value, "prepare a witness: duration, timeout or rate");
    COHORT_TRY(const net::socket_address server, net::to_socket_address(plan.server));
    auto made = std::make_unique<state>(std::move(plan), server);
    COHORT_TRY(made->prepare());
    return witness{std::move(made)};
}

witness::witness(std::unique_ptr<state> of) noexcept
    : state_{std::move(of)}
{}
witness::witness(witness&&) noexcept = default;
witness& witness::operator=(witness&&) noexcept = default;
witness::~witness() = default;

bool witness::run_for(nanoseconds budget)
{
    const steady_time when = now();
    if (!state_->started)
        state_->start(when);
    return !state_->finished && state_->turn(when + budget);
}

bool witness::run_past_now()
{
    constexpr nanoseconds look_again = 5ms;
    const steady_time when = now();
    const auto on_its_way = [when](const auto& one) { return one->busy_since(when); };
    while (std::ranges::any_of(state_->connections, on_its_way)) {
        if (!run_for(look_again))
            return false;
    }
    return !state_->finished;
}

const witness_report& witness::run()
{
    while (run_for(seconds{3600})) {
    }
    return report();
}

void witness::stop() { state_->stop(now()); }

void witness::mark(steady_time at, std::optional<std::uint32_t> slot)
{
    state_->book.mark({.at = at, .slot = slot, .next_answer = std::nullopt});
}

void witness::watch(int descriptor, std::function<void()> readable)
{
    if (state_->watched != -1)
        ::epoll_ctl(state_->epoll.borrow(), EPOLL_CTL_DEL, state_->watched, nullptr);
    state_->watched = -1;
    state_->readable = std::move(readable);
    if (descriptor != -1 && testing::watch(state_->epoll.borrow(), descriptor, watch_tag))
        state_->watched = descriptor;
}

const witness_report& witness::report() const noexcept { return state_->book.report(); }

}  // namespace cohort::testing
