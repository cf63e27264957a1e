#include <cohort/http/telemetry/server_metrics.hpp>

#include <cohort/http/h2/service.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/middleware/shed.hpp>
#include <cohort/http/proxy_door.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/tls/certificate_life.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/http/websocket/counters.hpp>

#include <cstddef>
#include <span>

namespace cohort::http {

namespace {

using metrics::across;
using metrics::counter;
using metrics::gauge;

topics::totals topic_totals()
{
    return topics::in_use() ? topics::here().total() : topics::totals{};
}

h2::tally tally_of(const h2::service* which)
{
    return which == nullptr ? h2::tally{} : which->counts();
}

std::uint64_t read(const std::atomic<std::uint64_t>& from) noexcept
{
    return from.load(std::memory_order_relaxed);
}

}  // namespace

server_metrics::server_metrics(const sources& from)
    : from_{from},
      refusals_{counter("cohort_http_refusals_total",
                        "Requests, connections and handshakes that the server refused, by rule",
                        {"rule"})},
      certificates_{gauge("cohort_tls_certificate_not_after_seconds",
                          "Until when a certificate is good, in seconds since 1970", {"file"},
                          {.over = across::least})}
{
    add_server();
    add_kit();
    add_bodies();
    add_http2();
    add_proxies();
    add_websockets();
    add_topics();
}

void server_metrics::count(std::uint64_t (*read)(const sources&), metrics::counter_series& shown)
{
    counted_.push_back({.read = read, .shown = metrics::sampled_count{shown, 0}});
}

void server_metrics::measure(double (*read)(const sources&), metrics::gauge_series& shown)
{
    measured_.push_back({.read = read, .shown = &shown});
}

void server_metrics::add_server()
{
    measure([](const sources& of) { return static_cast<double>(of.served->running()); },
            gauge("http_server_active_requests",
                  "Requests whose handler has begun and whose answer is not complete"));
    measure([](const sources& of) { return static_cast<double>(of.served->connections()); },
            gauge("cohort_http_connections_open", "Open connections of clients"));
    measure(
        [](const sources& of) {
            return of.requests == nullptr ? 0 : static_cast<double>(of.requests->streams());
        },
        gauge("cohort_http_streams", "Streamed answers that go on: downloads, events"));
    measure([](const sources& of) { return static_cast<double>(of.served->clients().clients()); },
            gauge("cohort_http_clients",
                  "Clients (addresses that are counted) with an open connection"));
    count([](const sources& of) { return of.served->made_room(); },
          counter("cohort_http_connections_closed_for_room_total",
                  "Connections without a request that were closed since all places were taken"));
    auto& handshakes =
        counter("cohort_tls_handshakes_total", "TLS handshakes, by their end", {"outcome"});
    count(
        [](const sources& of) {
            const server::handshake_counts& all = of.served->handshakes();
            return all.done - all.resumed;
        },
        handshakes.with("full"));
    count([](const sources& of) { return of.served->handshakes().resumed; },
          handshakes.with("resumed"));
    count([](const sources& of) { return of.served->handshakes().failed; },
          handshakes.with("failed"));
    count([](const sources&) { return shed_now().refused; },
          counter("cohort_http_shed_total", "Requests that shed() refused since too much was on"));
}

void server_metrics::add_kit()
{
    using all = kit_refusals;
    auto& refused = counter("cohort_http_kit_refusals_total",
                            "Requests that middleware of the program refused, by which", {"by"});
    count([](const sources&) { return read(all::here().rate_limited); },
          refused.with("rate_limit"));
    count([](const sources&) { return read(all::here().at_once); },
          refused.with("concurrency_limit"));
    count([](const sources&) { return read(all::here().cross_origin); }, refused.with("csrf"));
    count([](const sources&) { return read(all::here().credentials); },
          refused.with("authentication"));
    count([](const sources&) { return read(all::here().no_session); }, refused.with("sessions"));
}

void server_metrics::add_bodies()
{
    measure([](const sources& of) { return static_cast<double>(of.served->bodies().bytes()); },
            gauge("cohort_http_body_bytes", "Bytes that buffered bodies of requests take"));
    measure([](const sources& of) { return static_cast<double>(of.served->bodies().bytes_max()); },
            gauge("cohort_http_body_limit_bytes", "Bytes that they may take (limit.bodies)"));
    auto& bodies = counter("cohort_http_bodies_refused_total",
                           "Requests that were refused since their bodies had no room", {"reason"});
    count([](const sources& of) { return of.served->bodies().refused(); }, bodies.with("no_room"));
    count([](const sources& of) { return of.served->bodies().given_up(); },
          bodies.with("made_room"));
}

void server_metrics::add_http2()
{
    measure(
        [](const sources& of) {
            return of.http2 == nullptr ? 0 : static_cast<double>(of.http2->connections());
        },
        gauge("cohort_http2_connections", "Open connections whose clients speak HTTP/2"));
    auto& resets =
        counter("cohort_http2_resets_total", "Streams of HTTP/2 that were reset", {"by"});
    count([](const sources& of) { return tally_of(of.http2).resets; }, resets.with("client"));
    count([](const sources& of) { return tally_of(of.http2).errors; }, resets.with("server"));
    auto& ended =
        counter("cohort_http2_connections_ended_total",
                "Connections of HTTP/2 that were ended for what their clients did", {"reason"});
    count([](const sources& of) { return tally_of(of.http2).reset_floods; }, ended.with("resets"));
    count([](const sources& of) { return tally_of(of.http2).error_floods; }, ended.with("errors"));
    count([](const sources& of) { return tally_of(of.http2).idle_floods; },
          ended.with("idle_frames"));
    count([](const sources& of) { return tally_of(of.http2).ack_floods; },
          ended.with("acknowledgements"));
    count([](const sources& of) { return tally_of(of.http2).head_floods; },
          ended.with("continuations"));
    count([](const sources& of) { return tally_of(of.http2).protocol_errors; },
          ended.with("protocol"));
}

void server_metrics::add_proxies()
{
    if (from_.proxies == nullptr)
        return;
    auto& closed = counter("cohort_proxy_connections_total",
                           "Connections through proxies that name their clients, by what became "
                           "of them",
                           {"outcome"});
    count([](const sources& of) { return of.proxies->counts().believed; }, closed.with("believed"));
    count([](const sources& of) { return of.proxies->counts().own; }, closed.with("own"));
    count([](const sources& of) { return of.proxies->counts().strangers; },
          closed.with("stranger"));
    count([](const sources& of) { return of.proxies->counts().malformed; },
          closed.with("malformed"));
    count([](const sources& of) { return of.proxies->counts().late; }, closed.with("late"));
    count([](const sources& of) { return of.proxies->counts().left; }, closed.with("left"));
    count([](const sources& of) { return of.proxies->counts().too_many; }, closed.with("too_many"));
}

void server_metrics::add_websockets()
{
    using all = websocket_counters;
    measure([](const sources&) { return static_cast<double>(read(all::here().open)); },
            gauge("cohort_websockets", "Open WebSockets"));
    auto& handshakes = counter("cohort_websocket_handshakes_total",
                               "Handshakes of WebSockets, by their end", {"outcome"});
    count([](const sources&) { return read(all::here().opened); }, handshakes.with("opened"));
    count([](const sources&) { return read(all::here().refused); }, handshakes.with("refused"));
    auto& messages = counter("cohort_websocket_messages_total",
                             "Messages through WebSockets: in, from clients, and out", {"way"});
    count([](const sources&) { return read(all::here().messages_in); }, messages.with("in"));
    count([](const sources&) { return read(all::here().messages_out); }, messages.with("out"));
    auto& cut =
        counter("cohort_websocket_cut_total",
                "WebSockets that were ended for what their clients did, or did not", {"reason"});
    count([](const sources&) { return read(all::here().dropped_slow); }, cut.with("slow"));
    count([](const sources&) { return read(all::here().dropped_dead); }, cut.with("silent"));
    count([](const sources&) { return read(all::here().cut); }, cut.with("did_not_close"));
    count([](const sources&) { return read(all::here().broke_rules); }, cut.with("protocol"));
    count([](const sources&) { return read(all::here().handlers_failed); }, cut.with("handler"));
}

void server_metrics::add_topics()
{
    measure([](const sources&) { return static_cast<double>(topic_totals().subscribers); },
            gauge("cohort_topic_subscribers", "Subscribers of topics"));
    count([](const sources&) { return topic_totals().delivered; },
          counter("cohort_topic_messages_delivered_total",
                  "Messages of topics that subscribers got, once for each of them"));
    auto& lost = counter("cohort_topic_subscribers_lost_total",
                         "Subscribers of topics who did not get what they wanted", {"reason"});
    count([](const sources&) { return topic_totals().dropped; }, lost.with("slow"));
    count([](const sources&) { return topic_totals().refused; }, lost.with("too_many"));
    count([](const sources&) { return topic_totals().missed; }, lost.with("late"));
}

void server_metrics::look()
{
    for (counted& each : counted_)
        each.shown.look(each.read(from_));
    for (const measured& each : measured_)
        each.shown->set(each.read(from_));
    look_at_refusals();
    look_at_certificates();
}

void server_metrics::look_at_refusals()
{
    const std::span<const refusal_count> now = from_.served->refusals();
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (i == refused_.size())
            refused_.emplace_back(refusals_.with(now[i].rule), 0);
        refused_[i].look(now[i].times);
    }
}

void server_metrics::look_at_certificates()
{
    for (const tls::certificate_life& each : from_.served->certificates())
        certificates_.with(each.file).set(static_cast<double>(each.not_after));
}

}  // namespace cohort::http
