#include <cohort/dashboard/health.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/base/version.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/dashboard/verdict.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/middleware/hosts.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/exposition_format.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

constexpr milliseconds answers_within = 2s;

control::request survey()
{
    control::request what{"ls"};
    what.budget = answers_within;
    return what;
}

http::response uncached(json::object words, unsigned status)
{
    return http::json(std::move(words), status).header("Cache-Control", "no-store");
}

http::response silent_primary(const fault& why)
{
    return uncached({{"alive", false},
                     {"ready", false},
                     {"reason", "the primary does not answer: " + why.text()}},
                    503);
}

http::route_options noted(std::string summary)
{
    return {.notes = {http::any_host_too{}, http::open_to_all{}, http::tag{"health"},
                      http::summary{std::move(summary)}}};
}

}  // namespace

awaitable<http::response> health::live() const
{
    auto asking = primary_.ask(survey());
    const auto said = co_await std::move(asking);
    if (!said)
        co_return silent_primary(said.error());
    co_return uncached({{"alive", true}}, 200);
}

awaitable<http::response> health::ready() const
{
    auto asking = primary_.ask(survey());
    const auto said = co_await std::move(asking);
    if (!said)
        co_return silent_primary(said.error());
    const verdict seen = judge(said->data);
    const std::string_view state = name_of(seen.is);
    json::object words{{"ready", seen.ready}};
    words["state"] = json::string_view{state.data(), state.size()};
    words["reason"] = seen.reason;
    words["workers_ready"] = control::value_at(said->data, "serving");
    words["workers_wanted"] = control::value_at(said->data, "wanted");
    co_return uncached(std::move(words), seen.ready ? 200 : 503);
}

awaitable<http::response> health::metrics(const http::request& of) const
{
    const auto as = observe::preferred_exposition(of.header("Accept").value_or(""));
    metrics_page* const page = &metrics_;
    auto writing = offload([page, as] { return page->text(as); });
    auto text = co_await std::move(writing);
    if (!text)
        co_return http::problem(503, {}, text.error().text());
    co_return http::make_response(200, observe::content_type(as), *std::move(text))
        .header("Vary", "Accept");
}

http::response health::version_words() const
{
    return http::json({{"name", settings_.name}, {"cohort", version()}});
}

void health::add_to(http::routes& to)
{
    to.get(
        "/livez", [this](const http::request&) { return live(); },
        noted("Whether the primary answers"));
    to.get(
        "/readyz", [this](const http::request&) { return ready(); },
        noted("Whether a worker serves: 200 or 503, and why"));
    http::route_options numbers = noted("All metrics, in Prometheus' text or OpenMetrics");
    if (settings_.admin.metrics == config::metrics_access::token)
        numbers.notes = {http::any_host_too{}, http::tag{"health"},
                         http::summary{"All metrics, in Prometheus' text or OpenMetrics"}};
    to.get("/metrics", [this](const http::request& of) { return metrics(of); }, numbers);
    to.get("/version", [this](const http::request&) { return version_words(); },
           {.notes = {http::tag{"health"}, http::summary{"Which version of Cohort this is"}}});
}

}  // namespace cohort::dashboard
