// h2spec's group "http2", sections 3 to 5 of RFC 7540, as we know them.
#include <cohort/http/h2/service.hpp>

#include <cohort/http/h2/connection.hpp>
#include <cohort/http/h2/detail/catalogue_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using namespace cohort::http::h2::detail;
using namespace std::string_literals;

namespace {

const fields post = ask("POST");
const std::string open_post = heads(1, post, f_end_head);
const std::string begun_get = raw_head(1, get_block, f_end);
const std::string self = u32(1) + "\x0f";

std::string hundred_and_more()
{
    std::string all;
    for (std::uint32_t id = 1; id <= 205; id += 2)
        all += heads(id, post, f_end_head);
    return all;
}

}  // namespace

TEST_CASE("h2spec http2 3 and 4: preface, frame format, sizes, compression")
{
    const std::string large(16'385, 'x');
    catalogue{}.run({
        {"http2/3.5/1", "a client connection preface", {}, alive()},
        {"http2/4.1/1", "a frame of unknown type", {frame(0xff, 0, 0, "12345678")}, alive()},
        {"http2/4.1/2", "undefined flags", {frame(t_ping, 0xfe, 0, "12345678")}, alive()},
        {"http2/4.1/3", "the reserved bit", {frame(t_ping, 0, 0x8000'0000U, "12345678")}, alive()},
        {"http2/4.2/1",
         "DATA of 2^14 octets",
         {open_post + data(1, std::string(16'384, 'x'))},
         answered()},
        {"http2/4.2/2",
         "DATA beyond SETTINGS_MAX_FRAME_SIZE",
         {open_post + data(1, large)},
         reset(1, {frame_size})},
        {"http2/4.2/3",
         "HEADERS beyond SETTINGS_MAX_FRAME_SIZE",
         {raw_head(1, get_block + large)},
         ended({frame_size})},
        {"http2/4.3/1",
         "an invalid field block fragment",
         {raw_head(1, "\x40\x00\x00\x01"s)},
         ended({compression})},
        {"http2/4.3/2",
         "PRIORITY inside a field block",
         {begun_get + frame(t_priority, 0, 1, u32(0) + "\xff")},
         ended({protocol})},
        {"http2/4.3/3",
         "HEADERS of another stream inside a field block",
         {begun_get + get(3)},
         ended({protocol})},
    });
}

TEST_CASE("h2spec http2 5.1: stream states")
{
    catalogue{}.run({
        {"http2/5.1/1", "idle: DATA", {data(1, "test")}, ended({protocol})},
        {"http2/5.1/2", "idle: RST_STREAM", {rst(1)}, ended({protocol})},
        {"http2/5.1/3", "idle: WINDOW_UPDATE", {window(1, 100)}, ended({protocol})},
        {"http2/5.1/4",
         "idle: CONTINUATION",
         {frame(t_continuation, f_end_head, 1, get_block)},
         ended({protocol})},
        {"http2/5.1/5",
         "half closed (remote): DATA",
         {get(1) + data(1, "test")},
         reset(1, {stream_closed})},
        {"http2/5.1/6",
         "half closed (remote): HEADERS",
         {get(1) + get(1)},
         reset(1, {stream_closed})},
        {"http2/5.1/7",
         "half closed (remote): CONTINUATION",
         {get(1) + frame(t_continuation, f_end_head, 1, get_block)},
         ended({stream_closed, protocol})},
        {"http2/5.1/8",
         "closed: DATA after RST_STREAM",
         {open_post + rst(1) + data(1, "test")},
         reset(1, {stream_closed})},
        {"http2/5.1/9",
         "closed: HEADERS after RST_STREAM",
         {open_post + rst(1) + get(1)},
         reset(1, {stream_closed})},
        {"http2/5.1/10",
         "closed: CONTINUATION after RST_STREAM",
         {open_post + rst(1) + frame(t_continuation, f_end_head, 1, get_block)},
         ended({stream_closed, protocol})},
        {"http2/5.1/11", "closed: DATA", {get(1), data(1, "test")}, ended({stream_closed})},
        {"http2/5.1/12", "closed: HEADERS", {get(1), get(1)}, ended({stream_closed})},
        {"http2/5.1/13",
         "closed: CONTINUATION",
         {get(1), frame(t_continuation, f_end_head, 1, get_block)},
         ended({stream_closed, protocol})},
        {"http2/5.1.1/1", "an even stream identifier", {get(2)}, ended({protocol})},
        {"http2/5.1.1/2", "a smaller stream identifier", {get(5) + get(3)}, ended({protocol})},
        {"http2/5.1.2/1",
         "more streams than we allow",
         {settings_ack() + hundred_and_more()},
         reset(201, {protocol, refused})},
    });
}

TEST_CASE("h2spec http2 5.3 to 5.5: dependencies, errors, extensions")
{
    catalogue{}.run({
        {"http2/5.3.1/1",
         "HEADERS that depend on themselves",
         {raw_head(1, self + get_block, f_end | f_end_head | f_priority)},
         reset(1, {protocol})},
        {"http2/5.3.1/2",
         "PRIORITY that depends on itself",
         {frame(t_priority, 0, 1, self)},
         reset(1, {protocol})},
        {"http2/5.4.1/1",
         "an invalid PING closes the connection",
         {frame(t_ping, 0, 3, "12345678")},
         ended({protocol})},
        {"http2/5.4.1/2",
         "an invalid PING is answered with GOAWAY",
         {frame(t_ping, 0, 3, "12345678")},
         ended({protocol})},
        {"http2/5.5/1", "an unknown frame", {frame(0x16, 0, 0, "12345678")}, alive()},
        {"http2/5.5/2",
         "an unknown frame inside a field block",
         {begun_get + frame(0x16, 0, 1, "12345678") +
          frame(t_continuation, f_end_head, 1, block({{"a", "b"}}))},
         ended({protocol})},
    });
}

TEST_CASE("h2spec http2 3.5: an invalid preface ends the connection")
{
    // One that a server could take for HTTP/1.1 is that session's business; this one is ours.
    limits bounds;
    h2::options own;
    struct nobody final : h2::connection_user {
        void request_came(arrival) override {}
        void body_came(h2::stream_id, std::string_view) override {}
        void body_ended(h2::stream_id) override {}
        void stream_closed(h2::stream_id) noexcept override {}
    } user;
    h2::connection of{bounds, own, user, 1};
    of.receive("INVALID CONNECTION PREFACE\r\n\r\n", 1);
    std::string out;
    of.produce(out, 65'536);
    ear client;
    client.hear(out);
    CHECK(client.goaway_code() == protocol);
    CHECK(of.over());
}
