#include <cohort/dashboard/health.hpp>

#include <cohort/base/version.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/dashboard/verdict.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/middleware/hosts.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/exposition_format.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

constexpr milliseconds answers_within = 2s;
constexpr nanoseconds fresh_for = 1s;

awaitable<result<control::answer>> survey(const inquiry& primary)
{
    control::request what{"ls"};
    what.budget = answers_within;
    auto asking = primary.ask(std::move(what));
    co_return co_await std::move(asking);
}

/// From where it is: who reads slowly holds no copy of a page that may be megabytes.
awaitable<> send(metrics_page::text_ptr page, http::body_writer& to)
{
    static_cast<void>(co_await to.write(*page));
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

health::health(const asio::any_io_executor& executor, const inquiry& primary, metrics_page& metrics,
               const config::settings& settings)
    : survey_{executor, [&primary] { return survey(primary); }, fresh_for},
      metrics_{metrics},
      settings_{settings}
{}

awaitable<http::response> health::live()
{
    auto asking = survey_.get();
    const auto said = co_await std::move(asking);
    if (!said)
        co_return silent_primary(said.error());
    co_return uncached({{"alive", true}}, 200);
}

awaitable<http::response> health::ready()
{
    auto asking = survey_.get();
    const auto said = co_await std::move(asking);
    if (!said)
        co_return silent_primary(said.error());
    const verdict seen = judge((*said)->data);
    const std::string_view state = name_of(seen.is);
    json::object words{{"ready", seen.ready}};
    words["state"] = json::string_view{state.data(), state.size()};
    words["reason"] = seen.reason;
    words["workers_ready"] = control::value_at((*said)->data, "serving");
    words["workers_wanted"] = control::value_at((*said)->data, "wanted");
    co_return uncached(std::move(words), seen.ready ? 200 : 503);
}

awaitable<http::response> health::metrics(const http::request& of) const
{
    const auto as = observe::preferred_exposition(of.header("Accept").value_or(""));
    auto writing = metrics_.text(as);
    auto page = co_await std::move(writing);
    if (!page)
        co_return http::problem(503, {}, page.error().text());
    const std::uint64_t length = (*page)->size();
    http::response answer =
        http::stream(std::string{observe::content_type(as)}, length,
                     [text = *std::move(page)](http::body_writer& to) { return send(text, to); });
    co_return std::move(answer).header("Vary", "Accept");
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
