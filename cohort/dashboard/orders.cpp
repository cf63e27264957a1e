#include <cohort/dashboard/orders.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/try.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/topics/event_stream.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;
using control::exit_code;

namespace {

namespace json = boost::json;
using control::number_at;
using control::text_at;

constexpr milliseconds longest = 1h;
constexpr nanoseconds look_again = 50ms;

/// Who asks, as far as that is known, for the log.
struct origin {
    std::string from;
    std::string what;
};

control::request read_order(const http::request& of, const order_rule& rule,
                            std::optional<std::uint32_t> slot)
{
    control::request what{std::string{rule.verb}};
    what.slot = slot;
    what.budget = rule.budget;
    if (!of.body().empty()) {
        json::value body = of.json();
        auto* const said = body.if_object();
        if (said == nullptr)
            throw http::refusal{400}.detail("the body is no object");
        if (const auto* const budget = said->if_contains("budget_ms")) {
            const auto* const ms = budget->if_int64();
            if (ms == nullptr || *ms < 1 || *ms > longest.count())
                throw http::refusal{400}.detail("budget_ms is 1 to 3600000");
            what.budget = milliseconds{*ms};
            said->erase("budget_ms");
        }
        what.arguments = std::move(*said);
    }
    if (rule.how == order_rule::manner::of_all)
        what.arguments["all"] = true;
    return what;
}

/// What who looks is told.
json::object words_of(const control::answer& said)
{
    json::object words{{"exit", static_cast<int>(said.code)}, {"outcome", name_of(said.code)}};
    words["reason"] = said.reason;
    words["data"] = said.data;
    return words;
}

json::object words_of(const control::answer& said, json::array progress)
{
    json::object words = words_of(said);
    words["progress"] = std::move(progress);
    return words;
}

void note(const origin& who, const control::answer& said)
{
    const auto outcome = std::string_view{name_of(said.code)};
    log::info({{"from", who.from}, {"order", who.what}, {"outcome", outcome}},
              "an order over HTTP: {} ({})", who.what,
              said.reason.empty() ? outcome : std::string_view{said.reason});
}

origin origin_of(const http::request& of, const control::request& what, const order_rule& rule)
{
    std::string order{rule.name};
    if (what.slot)
        order += fmt::format(" slot {}", *what.slot);
    // Messages may hold anything, and are nobody's business.
    if (rule.name != "send" && !what.arguments.empty())
        order += " " + json::serialize(what.arguments);
    return {.from = of.peer().text(), .what = std::move(order)};
}

bool wants_events(const http::request& of)
{
    const auto accept = of.header("Accept");
    return accept && accept->starts_with("text/event-stream");
}

}  // namespace

/// One order. Not an aggregate: it travels through co_await (GCC 12 rule).
struct orders::asked {
    asked(const order_rule* by, control::request asks, origin from)
        : rule{by}, what{std::move(asks)}, who{std::move(from)}
    {}
    const order_rule* rule;
    control::request what;
    origin who;
};

/// What is said about it, on its way to who asked. A resource of one stream.
struct orders::telling {
    explicit telling(const asio::any_io_executor& executor)
        : changed{executor}
    {}
    static constexpr std::size_t waiting_max = 256;  // the oldest progress makes room

    std::deque<std::string> waiting;
    std::optional<std::string> answer;
    wakeup changed;
};

namespace {

awaitable<> send(http::event_writer& out, std::string_view event, std::string data)
{
    http::server_event what;
    what.event = event;
    what.data = data;
    static_cast<void>(co_await out.send(what));
}

}  // namespace

unsigned status_of(exit_code code) noexcept
{
    switch (code) {
        case exit_code::done:
        case exit_code::degraded:
            return 200;
        case exit_code::usage:
            return 400;
        case exit_code::invalid:
            return 422;
        case exit_code::no_such_cohort:
            return 404;
        case exit_code::rolled_back:
        case exit_code::refused:
            return 409;
        case exit_code::timed_out:
            return 504;
    }
    return 500;
}

const char* name_of(exit_code code) noexcept
{
    switch (code) {
        case exit_code::done:
            return "done";
        case exit_code::degraded:
            return "degraded";
        case exit_code::usage:
            return "usage";
        case exit_code::invalid:
            return "invalid";
        case exit_code::no_such_cohort:
            return "no_such_slot";
        case exit_code::rolled_back:
            return "rolled_back";
        case exit_code::refused:
            return "refused";
        case exit_code::timed_out:
            return "timed_out";
    }
    return "unknown";
}

control::answer unheard(const fault& why)
{
    return {exit_code::timed_out, "the primary has not answered: " + why.text()};
}

http::response answer_of(const control::answer& said)
{
    return http::json(words_of(said), status_of(said.code)).header("Cache-Control", "no-store");
}

awaitable<orders::answered> orders::replace(control::request what,
                                            inquiry::hear_progress hear) const
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + what.budget;
    control::request show{"show"};
    show.slot = what.slot;
    show.budget = 5s;
    auto first = primary_.ask(show);
    COHORT_CO_TRY(const auto before, co_await std::move(first));
    if (before.code != exit_code::done)
        co_return before;
    const auto worker = number_at(before.data, "worker");
    const std::string name{text_at(before.data, "name")};
    if (!worker)
        co_return control::answer{exit_code::refused, name + " is empty: resume fills it"};
    what.arguments = {{"number", SIGTERM}};
    auto ordering = primary_.ask(std::move(what));
    COHORT_CO_TRY(const auto told, co_await std::move(ordering));
    if (told.code != exit_code::done)
        co_return told;
    if (hear)
        hear(control::progress{name + " finishes what it has"});
    while (!stopped(stop) && now() < until) {
        auto asking = primary_.ask(show);
        COHORT_CO_TRY(auto seen, co_await std::move(asking));
        const auto next = number_at(seen.data, "worker");
        if (next && *next != *worker && text_at(seen.data, "stage") == "serving") {
            const auto pid = number_at(seen.data, "pid").value_or(0);
            co_return control::answer{exit_code::done,
                                      fmt::format("{} serves again, as pid {}", name, pid),
                                      std::move(seen.data)};
        }
        co_await sleep_for(look_again);
    }
    co_return control::answer{exit_code::timed_out, name + " is still finishing; it goes on"};
}

awaitable<orders::answered> orders::carry_out(const order_rule& rule, control::request what,
                                              inquiry::hear_progress hear) const
{
    if (rule.how == order_rule::manner::replaced) {
        auto work = replace(std::move(what), std::move(hear));
        co_return co_await std::move(work);
    }
    auto work = primary_.ask(std::move(what), std::move(hear));
    co_return co_await std::move(work);
}

awaitable<> orders::work(asked about, telling& into) const
{
    inquiry::hear_progress hear = [&into](const control::progress& so_far) {
        if (into.waiting.size() == telling::waiting_max)
            into.waiting.pop_front();
        into.waiting.push_back(
            json::serialize(json::object{{"text", so_far.text}, {"data", so_far.data}}));
        into.changed.notify_all();
    };
    auto doing = carry_out(*about.rule, std::move(about.what), std::move(hear));
    const auto heard = co_await std::move(doing);
    const control::answer said = heard ? *heard : unheard(heard.error());
    note(about.who, said);
    into.answer = json::serialize(words_of(said, {}));
    into.changed.notify_all();
}

awaitable<> orders::stream(asked about, http::event_writer& out) const
{
    const auto executor = co_await asio::this_coro::executor;
    telling told{executor};
    const auto pass_on = [](telling& from, http::event_writer& to) -> awaitable<> {
        const auto stop = co_await asio::this_coro::cancellation_state;
        while (!stopped(stop) && (!from.answer || !from.waiting.empty())) {
            if (from.waiting.empty()) {
                co_await from.changed.wait();
                continue;
            }
            std::string line = std::move(from.waiting.front());
            from.waiting.pop_front();
            auto sending = send(to, "progress", std::move(line));
            co_await std::move(sending);
        }
    };
    using namespace asio::experimental::awaitable_operators;
    auto both = work(std::move(about), told) && pass_on(told, out);
    co_await std::move(both);
    if (told.answer) {
        auto sending = send(out, "answer", *std::move(told.answer));
        co_await std::move(sending);
    }
}

awaitable<http::response> orders::handle(http::request& of, const order_rule& rule,
                                         std::optional<std::uint32_t> slot) const
{
    control::request what = read_order(of, rule, slot);
    origin who = origin_of(of, what, rule);
    if (wants_events(of)) {
        asked about{&rule, std::move(what), std::move(who)};
        http::event_producer tell = [this,
                                     about = std::move(about)](http::event_writer& out) mutable {
            return stream(std::move(about), out);
        };
        co_return http::event_stream(std::move(tell));
    }
    json::array told;
    inquiry::hear_progress hear = [&told](const control::progress& so_far) {
        told.emplace_back(so_far.text);
    };
    auto work = carry_out(rule, std::move(what), std::move(hear));
    const auto heard = co_await std::move(work);
    const control::answer said = heard ? *heard : unheard(heard.error());
    note(who, said);
    co_return http::json(words_of(said, std::move(told)), status_of(said.code));
}

awaitable<http::response> orders::look(control::request what) const
{
    json::array told;
    inquiry::hear_progress hear = [&told](control::progress so_far) {
        told.emplace_back(std::move(so_far.data));
    };
    auto work = primary_.ask(std::move(what), std::move(hear));
    const auto heard = co_await std::move(work);
    const control::answer said = heard ? *heard : unheard(heard.error());
    json::object words = words_of(said);
    if (!told.empty())
        words["list"] = std::move(told);
    co_return http::json(std::move(words), status_of(said.code));
}

}  // namespace cohort::dashboard
