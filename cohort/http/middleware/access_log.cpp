#include <cohort/http/middleware/access_log.hpp>

#include <cohort/http/auth/subject.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/redact.hpp>
#include <cohort/http/request_began.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/http/route.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_budget.hpp>

#include <boost/container/static_vector.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace cohort::http {

namespace {

/// Options, and how many were passed over.
struct log_state {
    explicit log_state(access_log_options from)
        : choices{std::move(from)}, refusals{choices.refusals_per_second_max}
    {}

    access_log_options choices;
    std::atomic<std::uint32_t> seen{0};
    log::budget refusals;
};

void write_line(const access_line& line) noexcept
{
    const log::level at = line.status >= 500 ? log::level::warn : log::level::info;
    if (!log::enabled(at))
        return;
    const std::string address = line.client.address.text();
    const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(line.took).count();
    boost::container::static_vector<log::field, 18> fields{{"method", line.method},
                                                           {"path", line.path},
                                                           {"status", line.status},
                                                           {"took_us", took_us},
                                                           {"client", address}};
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty())
            fields.emplace_back(name, value);
    };
    text("route", line.route);
    text("query", line.query);
    text("request_id", line.request_id);
    text("trace_id", line.trace_id);
    text("span_id", line.span_id);
    text("subject", line.subject);
    text("user_agent", line.user_agent);
    if (line.bytes)
        fields.push_back({"bytes", *line.bytes});
    if (line.streamed)
        fields.push_back({"streamed", true});
    if (line.attempt > 1)
        fields.push_back({"attempt", line.attempt});
    if (line.suppressed > 0)
        fields.push_back({"suppressed", line.suppressed});
    if (line.client.scheme == scheme::https)
        fields.push_back({"scheme", std::string_view{"https"}});
    log::write(at, "request", fields);
}

/// Nothing: no line. Otherwise how many refused requests had none before.
std::optional<std::uint64_t> wanted(const request& of, const response& answer, log_state& state)
{
    // 503 is what full lanes and shedding say: whoever floods us causes it.
    constexpr unsigned overload = 503;
    if (answer.status() >= 500 && answer.status() != overload)
        return 0;
    if (answer.status() >= 400)
        return state.refusals.take();
    const route* const to = of.route();
    if (to != nullptr && to->note<quiet>() != nullptr)
        return std::nullopt;
    const std::uint32_t every = state.choices.one_in;
    if (every > 1 && state.seen.fetch_add(1, std::memory_order_relaxed) % every != 0)
        return std::nullopt;
    return 0;
}

void log_request(const request& of, const response& answer, log_state& state)
{
    const auto suppressed = wanted(of, answer, state);
    if (!suppressed)
        return;
    const access_log_options& choices = state.choices;
    const auto* const id = of.attached<request_id>();
    std::string query;
    if (choices.query == logged_query::redacted && !of.query().empty())
        query = redacted_query(of.query(), choices.secrets);
    std::string trace;
    std::string span;
    if (const auto at = trace_of(of)) {
        trace = observe::text(at->trace);
        span = observe::text(at->span);
    }
    access_line line{.request_id = id != nullptr ? std::string_view{id->text} : std::string_view{},
                     .trace_id = trace,
                     .span_id = span,
                     .method = of.method_text(),
                     .route = of.pattern(),
                     .path = of.path().substr(0, choices.path_bytes_max),
                     .query = std::string_view{query}.substr(0, choices.path_bytes_max),
                     .status = answer.status(),
                     .bytes = answer.length(),
                     .streamed = answer.streams(),
                     .took = time_since_began(of).value_or(nanoseconds{0}),
                     .client = requester_of(of),
                     .user_agent = of.header("User-Agent").value_or(""),
                     .attempt = of.attempt(),
                     .suppressed = *suppressed};
    if (const auto* const who = of.attached<subject>())
        line.subject = std::string_view{who->id}.substr(0, choices.user_agent_bytes_max);
    line.user_agent = line.user_agent.substr(0, choices.user_agent_bytes_max);
    if (choices.write)
        choices.write(line);
    else
        write_line(line);
}

}  // namespace

hooks access_log(access_log_options choices)
{
    const auto state = std::make_shared<log_state>(std::move(choices));
    return {
        .name = "access_log",
        .before = [](request& of) -> std::optional<response> {
            request_began(of);
            return std::nullopt;
        },
        .after = [state](const request& of, response& answer) { log_request(of, answer, *state); }};
}

}  // namespace cohort::http
