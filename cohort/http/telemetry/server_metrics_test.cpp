#include <cohort/http/telemetry/server_metrics.hpp>

#include <cohort/http/detail/counted_test.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/topics/topics.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using cohort::http::detail::add_hello;
using cohort::http::detail::client;
using cohort::http::detail::counted;
using cohort::http::detail::get;
using cohort::http::detail::house;

TEST_CASE("what a server counts is shown, from the first look on and once each")
{
    counted seen;
    house h;
    add_hello(h.api);
    h.open();
    server_metrics shown{{.served = h.serving.get()}};
    shown.look();
    CHECK(seen.gauge("cohort_http_connections_open") == 0);
    client c = h.connect();
    c.say(get("/"));
    h.hear(c, "Hello");
    shown.look();
    CHECK(seen.gauge("cohort_http_connections_open") == 1);
    CHECK(seen.gauge("http_server_active_requests") == 0);
    client bad = h.connect();
    bad.say("GET / HTTP/1.1\r\n\r\n");
    h.hear(bad, "400");
    const std::string rule{h.serving->refusals().front().rule};
    shown.look();
    shown.look();
    CHECK(seen.count("cohort_http_refusals_total", {rule}) == 1);
    CHECK(seen.count("cohort_tls_handshakes_total", {"failed"}) == 0);
}

TEST_CASE("to show what topics did takes no memory for topics that nobody uses")
{
    counted seen;
    house h;
    add_hello(h.api);
    h.open();
    server_metrics shown{{.served = h.serving.get()}};
    const bool before = topics::in_use();  // by another test
    shown.look();
    CHECK(topics::in_use() == before);
    CHECK(seen.gauge("cohort_topic_subscribers") == 0);
}
