#include <cohort/http/h2/service.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/h2/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2::detail;
using http::detail::add_hello;
using namespace std::chrono_literals;

TEST_CASE("a client with prior knowledge gets its answers over HTTP/2")
{
    h2_house h;
    add_hello(h.api);
    speaker c = h.meet(settings() + get(1) + get(3, "/nowhere"));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).status() == 200);
    CHECK(c.answer(1).body == "Hello, world");
    CHECK(c.answer(1).fields.at("content-length") == "12");
    CHECK(c.answer(3).status() == 404);
    CHECK(c.answer(3).fields.at("content-type") == "application/problem+json");
    CHECK(h.two->requests() == 2);
    CHECK(h.serving->connections() == 1);
}

TEST_CASE("a body is buffered, and HEAD has none")
{
    h2_house h;
    add_hello(h.api);
    speaker c = h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head) +
                       data(1, "hello ", f_none) + data(1, "you"));
    c.say(heads(3, ask("HEAD")));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).body == "hello you");
    CHECK(c.answer(3).status() == 200);
    CHECK(c.answer(3).fields.at("content-length") == "12");
    CHECK(c.answer(3).body.empty());
}
