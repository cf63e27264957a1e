#include <cohort/http/middleware/tracing.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/http/net_range.hpp>
#include <cohort/http/redact.hpp>
#include <cohort/http/request_began.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/http/requester.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

using observe::span;
using observe::tracer;

/// What a span is called in every process that comes to run the request.
struct span_names {
    observe::trace_id trace;
    observe::span_id attempt;
};

/// The same words give the same ids; the ids of different ones differ as drawn ones do.
span_names names_of(const request_serial& who, unsigned attempt) noexcept
{
    const std::uint64_t cohort = board::commons::here().identity();
    const auto word = [&](std::uint64_t kind) {
        return mix(mix(mix(cohort + kind) ^ who.connection) ^ who.position);
    };
    return {.trace = {word(1), word(2)}, .attempt = {mix(word(3) ^ attempt)}};
}

/// Is what a client says of traces heeded?
enum class standing : std::uint8_t { neighbour, stranger };

span begin_span(const request& of, tracer& by, unsigned attempt, steady_time since, standing whose)
{
    const auto parent = whose == standing::neighbour ? remote_parent_of(of) : std::nullopt;
    observe::span_origin from{
        .kind = observe::span_kind::server, .parent = parent ? &*parent : nullptr, .since = since};
    if (const auto* const serial = of.attached<request_serial>()) {
        const span_names names = names_of(*serial, attempt);
        from.trace = names.trace;
        from.id = names.attempt;
    }
    return by.begin(std::move(from));
}

void set_server(span& one, std::string_view host)
{
    // "[::1]:80": a colon inside of brackets is no port's.
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
    std::uint16_t port = 0;
    if (has_port)
        std::from_chars(host.data() + colon + 1, host.data() + host.size(), port);
    const std::string_view name = has_port ? host.substr(0, colon) : host;
    if (!name.empty())
        one.set("server.address", name);
    if (port != 0)
        one.set("server.port", port);
}

/// Source: OpenTelemetry semantic conventions 1.23 and later, "HTTP server".
void describe(span& one, const request& of)
{
    const bool is_known = of.method() != method::other;
    const std::string_view verb = is_known ? of.method_text() : "HTTP";
    const std::string_view route = of.pattern();
    one.rename(route.empty() ? std::string{verb} : fmt::format("{} {}", verb, route));
    one.set("http.request.method", is_known ? verb : std::string_view{"_OTHER"});
    if (!is_known)
        one.set("http.request.method_original", of.method_text());
    if (!route.empty())
        one.set("http.route", route);
    one.set("url.path", of.path());
    if (!of.query().empty())
        one.set("url.query", redacted_query(of.query()));
    const requester who = requester_of(of);
    one.set("url.scheme", text(who.scheme));
    set_server(one, who.host);
    one.set("client.address", who.address.text());
    if (of.peer().ip().is_ip())
        one.set("network.peer.address", of.peer().address())
            .set("network.peer.port", of.peer().port());
    if (const auto agent = of.header("User-Agent"))
        one.set("user_agent.original", *agent);
    one.set("cohort.slot", of.slot());
}

void record_death(const request& of, tracer& by, standing whose)
{
    const unsigned died = of.attempt() - 1;
    span dead = begin_span(of, by, died, by.options().clock(), whose);
    dead.fail("worker died");
    if (!dead.would_be_kept()) {
        dead.forget();
        return;
    }
    describe(dead, of);
    dead.set("error.type", "worker_died")
        .set("cohort.attempt", died)
        .set("cohort.start_unknown", true)
        .end();
}

/// Who is heeded, and who makes the spans.
struct setup {
    std::vector<net_range> neighbours;
    bool handlers;
    tracer* by;
};

void begin(request& of, const setup& how)
{
    tracer& by = how.by != nullptr ? *how.by : tracer::here();
    const steady_time since = request_began(of);
    const bool knows =
        how.neighbours.empty() || any_contains(how.neighbours, requester_of(of).address);
    const standing whose = knows ? standing::neighbour : standing::stranger;
    traced& mine = of.attach(traced{begin_span(of, by, of.attempt(), since, whose)});
    mine.has_handler_span = how.handlers;
    mine.is_strangers = whose == standing::stranger;
    if (mine.span.context().sampled() && mine.span.may_be_kept()) {
        describe(mine.span, of);
        mine.described = true;
    }
    if (of.attempt() > 1) [[unlikely]] {
        mine.span.set("cohort.attempt", of.attempt());
        record_death(of, by, whose);
    }
}

void finish(const request& of, const response& answer)
{
    const traced* const mine = of.attached<traced>();
    if (mine == nullptr || !mine->span.runs())
        return;
    span& one = mine->span;
    const unsigned status = answer.status();
    if (status >= 500)
        one.fail("");
    if (!one.would_be_kept()) {
        one.forget();
        return;
    }
    if (!mine->described)
        describe(one, of);
    one.set("http.response.status_code", status);
    if (status >= 500)
        one.set("error.type", fmt::format_int(status).c_str());
    one.end();
}

}  // namespace

hooks tracing(tracing_options how)
{
    auto neighbours = parse_ranges(how.neighbours);
    if (!neighbours)
        throw failure{std::move(neighbours.error())};
    request_serial::want();
    return {.name = "tracing",
            .before = [with = setup{*std::move(neighbours), how.handlers, how.by}](
                          request& of) -> std::optional<response> {
                begin(of, with);
                return std::nullopt;
            },
            .after = [](const request& of, response& answer) { finish(of, answer); }};
}

hooks tracing(observe::tracer* by) { return tracing(tracing_options{.by = by}); }

void record_dead_attempt(const request& of, observe::tracer& by)
{
    if (of.attempt() > 1)
        record_death(of, by, standing::neighbour);
}

}  // namespace cohort::http
