#include <cohort/dashboard/api.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/version.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/dashboard/access.hpp>
#include <cohort/dashboard/detail/questions.hpp>
#include <cohort/dashboard/shapes.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/openapi/serve_openapi.hpp>
#include <cohort/http/problem.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

namespace json = boost::json;
using detail::noted;
using detail::slot_in_path;
using detail::slot_of;
using http::answers;
using http::summary;
using http::tag;

constexpr milliseconds answers_within = 10s;
constexpr std::int64_t events_max = 1024;
constexpr std::size_t body_max = std::size_t{64} << 10;

constexpr std::array of_events{
    shape_member{"last", "integer", "How many, the latest ones: 0 to 1024; 50 if nothing is said."},
    shape_member{"from", "integer", "Those from this sequence number on."},
    shape_member{"slot", "integer", "Those of one slot, and of the whole cohort."}};

/// Where nothing must be said, nothing must be sent.
void let_bodies_be_absent(json::object& document)
{
    for (auto& path : document.at("paths").as_object()) {
        json::object* const order = path.value().as_object().contains("post")
                                        ? &path.value().at("post").as_object()
                                        : nullptr;
        json::value* const body = order != nullptr ? order->if_contains("requestBody") : nullptr;
        if (body != nullptr &&
            !body->at_pointer("/content/application~1json/schema").as_object().contains("required"))
            body->as_object()["required"] = false;
    }
}

control::request question(const char* verb, std::optional<std::uint32_t> slot = {})
{
    return detail::question(verb, slot, answers_within);
}

http::response unseen(const fault& why)
{
    return http::problem(503, "The primary does not answer", why.text());
}

http::response as_json(std::string text)
{
    return http::make_response(200, "application/json", std::move(text))
        .header("Cache-Control", "no-store");
}

json::object access_words(const http::request& of)
{
    json::array may{"look"};
    if (may_order(of))
        may.emplace_back("order");
    json::object words;
    words["may"] = std::move(may);
    return words;
}

}  // namespace

awaitable<http::response> api::state() const
{
    auto looking = eyes_.look();
    const auto seen = co_await std::move(looking);
    if (!seen)
        co_return unseen(seen.error());
    co_return as_json((*seen)->text);
}

awaitable<http::response> api::workers() const
{
    auto looking = eyes_.look();
    const auto seen = co_await std::move(looking);
    if (!seen)
        co_return unseen(seen.error());
    json::object words{{"workers", (*seen)->state.at("workers")}};
    co_return http::json(std::move(words)).header("Cache-Control", "no-store");
}

awaitable<http::response> api::events(const http::request& of) const
{
    control::request what = question("events");
    what.arguments["last"] = of.query_or<std::int64_t>("last", 50);
    if (what.arguments["last"].as_int64() < 0 || what.arguments["last"].as_int64() > events_max)
        throw http::refusal{400}.detail(fmt::format("last is 0 to {}", events_max));
    if (of.query("from"))
        what.arguments["from"] = of.query<std::int64_t>("from", 0, INT64_MAX);
    if (of.query("slot"))
        what.slot = of.query<std::uint32_t>("slot", 0, board::slots_max - 1);
    auto looking = orders_.look(std::move(what));
    co_return co_await std::move(looking);
}

awaitable<http::response> api::look(const char* verb, std::optional<std::uint32_t> slot) const
{
    auto looking = orders_.look(question(verb, slot));
    co_return co_await std::move(looking);
}

awaitable<> api::stream(http::event_writer& out) const
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    std::uint64_t last = 0;
    while (!stopped(stop)) {
        auto waiting = eyes_.after(last);
        const auto seen = co_await std::move(waiting);
        if (!seen)
            break;
        last = seen->number;
        http::server_event what;
        what.event = "state";
        what.data = seen->text;
        // Who reads slowly gets fewer of them, and each is the latest one.
        const auto sent = co_await out.send(what);
        if (!sent)
            break;
    }
}

void api::add_views(http::routes& to)
{
    const auto data = [](const char* words) { return answers{200, answer_shape{}, words}; };
    to.get(
        "/state", [this](const http::request&) { return state(); },
        noted("How all is, at once", answers{200, state_shape{}}));
    to.get(
        "/stream",
        [this](const http::request&) {
            return http::event_stream([this](http::event_writer& out) { return stream(out); });
        },
        noted("The same, once a second: events named `state`",
              answers{200, http::media{"text/event-stream"}}));
    to.get(
        "/workers", [this](const http::request&) { return workers(); },
        noted("The workers of the state", answers{200, workers_shape{}}));
    to.get(
        "/workers/{slot}", [this](const http::request& of) { return look("show", slot_of(of)); },
        noted("All that is known of one slot", data("As `cohort show --json` has it"),
              {slot_in_path()}));
    to.get(
        "/events", [this](const http::request& of) { return events(of); },
        noted("What happened", data("`list` has the events, `data.next` where to go on"),
              {taken(http::place::query, of_events)}));
    to.get(
        "/cohort", [this](const http::request&) { return look("ls", {}); },
        noted("The cohort and its slots", data("As `cohort ls --json` has it")));
    to.get(
        "/why", [this](const http::request&) { return look("why", {}); },
        noted("How workers ended", data("As `cohort why --json` has it")));
    to.get(
        "/why/{slot}", [this](const http::request& of) { return look("why", slot_of(of)); },
        noted("How those of one slot did", data("Likewise"), {slot_in_path()}));
    to.get(
        "/level", [this](const http::request&) { return look("log-level", {}); },
        noted("Which lines are logged", data("As `cohort log-level --json` has it")));
    to.get(
        "/workers/{slot}/level",
        [this](const http::request& of) { return look("log-level", slot_of(of)); },
        noted("Which ones that worker logs", data("Likewise"), {slot_in_path()}));
    to.get(
        "/access", [](const http::request& of) { return http::json(access_words(of)); },
        noted("What who asks may do", answers{200, access_shape{}}));
    papers_.add_to(to);
}

void api::add_orders(http::routes& to)
{
    for (const order_rule& each : order_rules()) {
        const bool of_slot = each.whom == order_rule::of::slot;
        http::route_options how{.body_max = body_max,
                                .notes = {tag{of_slot ? "workers" : "cohort"},
                                          summary{std::string{each.summary}},
                                          answers{200, answer_shape{}},
                                          answers{409, answer_shape{}, "Refused, or rolled back"},
                                          answers{504, answer_shape{}, "It goes on"}}};
        if (each.whose == order_rule::by::operators)
            how.notes.add(for_operators{});
        how.notes.add(taken(http::place::body, each.takes));
        if (of_slot)
            how.notes.add(slot_in_path());
        const std::string path = of_slot ? fmt::format("/workers/{{slot}}/{}", each.name)
                                         : fmt::format("/{}", each.name);
        to.post(
            path,
            [this, &each, of_slot](http::request& of) {
                return orders_.handle(of, each,
                                      of_slot ? std::optional{slot_of(of)} : std::nullopt);
            },
            how);
    }
}

void api::add_to(http::routes& to)
{
    add_views(to);
    add_orders(to);
    http::openapi_info about;
    about.title = "Cohort: the admin API";
    about.version = std::string{version()};
    about.about = "What the command `cohort` sees and does of a running cohort, as JSON. Over TCP "
                  "each request carries the token of the cohort.";
    about.security = {{"token", http::bearer_scheme()}};
    about.tags = {{"look", "How the cohort is"},
                  {"workers", "Orders to one slot"},
                  {"cohort", "Orders to all"}};
    about.adjust = let_bodies_be_absent;
    http::serve_openapi(to, std::move(about));
}

}  // namespace cohort::dashboard
