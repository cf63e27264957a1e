#include <cohort/http/websocket/outbox.hpp>

#include <cohort/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

websocket_message of(std::size_t bytes)
{
    return websocket_message::binary(std::string(bytes, 'x'));
}

}  // namespace

TEST_CASE("an outbox is bounded in messages and in bytes")
{
    outbox box{3, 100};
    CHECK(box.empty());
    CHECK(!box.may_hold(of(101)));
    CHECK(box.may_hold(of(100)));
    CHECK(box.push(of(60)));
    CHECK(!box.push(of(41)));
    CHECK(box.push(of(40)));
    CHECK(box.push(of(0)));
    CHECK(!box.push(of(0)));
    CHECK(box.bytes() == 100);
    box.pop();
    CHECK(box.bytes() == 40);
    CHECK(box.front().size() == 40);
    CHECK(box.push(of(60)));
    box.keep_first();
    CHECK(box.messages() == 1);
    CHECK(box.bytes() == 40);
}

TEST_CASE("text is UTF-8, and copies of a message share its bytes")
{
    CHECK_THROWS_AS(static_cast<void>(websocket_message::text("\xff")), failure);
    const auto first = websocket_message::text("\xc3\xa4");
    const auto second = first;
    CHECK(first.is_text());
    CHECK(first.bytes().data() == second.bytes().data());
    CHECK(!websocket_message::binary("\xff").is_text());
}
