#include <cohort/primary/checkup.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/config/measure.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/http_inquiry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds answer_patience_max = 5s;
/// Workers say once a second how old their oldest request is.
constexpr nanoseconds look_period = 500ms;
constexpr nanoseconds between_beats = 1s;
constexpr nanoseconds overslept = 500ms;

/// Has it a request that began longer ago? A loop that is stuck in one cannot say so: then it is as
/// old as the silence, but for the time between two beats.
bool has_older(const tenant_view& who, nanoseconds limit)
{
    if (who.oldest_request && now() - *who.oldest_request > limit)
        return true;
    const steady_time beat{nanoseconds{who.row->beat_ns}};
    return who.row->requests_running != 0 && who.row->beat_ns != 0 &&
           now() - beat > limit + between_beats;
}

struct visit {
    std::uint32_t slot = 0;
    std::uint32_t worker = 0;
    std::string path;
    nanoseconds patience{0};
};

struct visit_result {
    probe_outcome outcome;
    std::string answer;  ///< "answered 421"; empty if nothing is wrong
};

/// A worker that cannot be reached at all says nothing: it is somebody else's business.
awaitable<> ask_one(supervisor& of, visit whom, visit_result& into)
{
    bool& well = into.outcome.well;
    auto way = of.visit(whom.slot, whom.worker);
    if (!way) {
        well = way.error().why() != errc::queue_full;
        if (!well)
            into.answer = "its inbox is full";
        co_return;
    }
    auto question = ask_over_connection(*std::move(way), whom.path, whom.patience);
    const auto status = co_await std::move(question);
    well = status && *status >= 200 && *status < 300;
    if (!well)
        into.answer = status ? fmt::format("answered {}", *status) : status.error().text();
}

}  // namespace

checkup::checkup(asio::any_io_executor executor, supervisor& of, recycler& cure, chronicle& past)
    : executor_{std::move(executor)}, of_{of}, cure_{cure}, past_{past}
{}

/// One with all the connections that it may have is busy, not ill; a program that was not built
/// with the library has no inbox.
bool checkup::can_be_asked(const tenant_view& who) const
{
    const unsigned most = who.of->settings().limit.connections;
    return who.kept_up && who.row && who.row->connections_open < most;
}

awaitable<> checkup::ask_over_http()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        if (!terms().http.on()) {
            co_await of_.change();  // a reload may bring it
            continue;
        }
        co_await sleep_for(terms().http.every);
        if (stopped(stop) || of_.retiring() || !terms().http.on())
            continue;
        const config::http_probe how = terms().http;
        awaitable<> round = one_round(how);
        co_await std::move(round);
    }
}

awaitable<> checkup::one_round(const config::http_probe& how)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    std::vector<visit> whom;
    for (const tenant_view& each : of_.tenants()) {
        if (can_be_asked(each))
            whom.push_back({each.slot, each.id, how.path,
                            std::min<nanoseconds>(how.every, answer_patience_max)});
    }
    std::vector<visit_result> found(whom.size());
    scope all{executor_};
    for (std::size_t i = 0; i < whom.size(); ++i) {
        found[i].outcome.worker = whom[i].worker;
        all.spawn(ask_one(of_, whom[i], found[i]));
    }
    co_await all.join();
    if (stopped(stop)) {
        all.stop();
        co_await all.join();
        co_return;
    }
    std::vector<probe_outcome> outcomes;
    outcomes.reserve(found.size());
    for (const visit_result& each : found)
        outcomes.push_back(each.outcome);
    const auto said = probes_.judge(outcomes, how.fails);
    std::string example;
    for (const visit_result& each : found) {
        if (example.empty() && !each.outcome.well)
            example = fmt::format("worker {} {}", each.outcome.worker, each.answer);
    }
    const auto words = [&](std::uint32_t worker) {
        const auto its = std::ranges::find(
            found, worker, [](const visit_result& each) { return each.outcome.worker; });
        return fmt::format("it failed its probe {} {} times in a row ({})", how.path, how.fails,
                           its == found.end() ? "no answer" : its->answer);
    };
    act_on(said, {recycle_reason::probe, "probes", words, example});
}

awaitable<> checkup::look_at_requests()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        const nanoseconds oldest = terms().request;
        if (oldest == 0ns) {
            co_await of_.change();
            continue;
        }
        const nanoseconds pause = std::min<nanoseconds>(look_period, oldest);
        const steady_time before = now();
        co_await sleep_for(pause);
        // Who was asleep itself (a stopped container) judges nobody: they were, too.
        if (stopped(stop) || of_.retiring() || now() - before > 2 * pause + overslept)
            continue;
        std::vector<probe_outcome> outcomes;
        for (const tenant_view& each : of_.tenants()) {
            if (each.kept_up && each.row)
                outcomes.push_back({each.id, !has_older(each, oldest)});
        }
        const auto said = ages_.judge(outcomes, 1);
        const auto words = [&](std::uint32_t) {
            return fmt::format("its oldest request is older than {}",
                               config::text_of(std::chrono::duration_cast<milliseconds>(oldest)));
        };
        act_on(said, {recycle_reason::stuck, "oldest requests", words, {}});
    }
}

void checkup::act_on(const probing::verdict& said, const complaint& about)
{
    if (said.begun) {
        log::error("shared outage: the {} of {} of {} workers say that they are ill; nobody is "
                   "ended for that{}",
                   about.what, said.failing, said.asked,
                   about.example.empty() ? "" : fmt::format(" ({})", about.example));
        past_.note("shared outage", {{"failing", said.failing}, {"asked", said.asked}});
    } else if (said.over) {
        log::info("the shared outage is over: {} of {} workers are ill by their {}", said.failing,
                  said.asked, about.what);
    }
    for (const tenant_view& each : of_.tenants()) {
        if (std::ranges::find(said.ill, each.id) == said.ill.end())
            continue;
        candidate who;
        who.worker = each.id;
        who.slot = each.slot;
        who.why = about.why;
        who.words = about.with(each.id);
        cure_.ask(std::move(who));
    }
}

}  // namespace cohort::primary
