// h2spec's group "http2", sections 6 to 8 of RFC 7540, as we know them.
#include <cohort/http/h2/service.hpp>

#include <cohort/http/h2/detail/catalogue_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http::h2::detail;
using namespace std::string_literals;

namespace {

const fields post = ask("POST");
const std::string open_post = heads(1, post, f_end_head);
const std::string begun_get = raw_head(1, get_block, f_end);

/// The fields of a GET without that one, and with these.
std::string without(std::string_view name, const fields& more = {})
{
    fields all;
    for (const auto& field : ask()) {
        if (field.first != name)
            all.push_back(field);
    }
    return heads(1, all + more);
}
std::string with(const fields& more) { return heads(1, ask() + more); }

}  // namespace

TEST_CASE("h2spec http2 6.1 to 6.4: DATA, HEADERS, PRIORITY, RST_STREAM")
{
    catalogue{}.run({
        {"http2/6.1/1", "DATA on stream 0", {data(0, "test")}, ended({protocol})},
        {"http2/6.1/2",
         "DATA on a stream that is closed",
         {get(1), data(1, "test")},
         ended({stream_closed})},
        {"http2/6.1/3",
         "DATA with more padding than payload",
         {open_post + data(1, "\x06test", f_end | f_padded)},
         ended({protocol})},
        {"http2/6.2/1",
         "HEADERS without END_HEADERS, then PRIORITY",
         {begun_get + frame(t_priority, 0, 1, u32(0) + "\xff")},
         ended({protocol})},
        {"http2/6.2/2",
         "HEADERS without END_HEADERS, then another stream",
         {begun_get + get(3)},
         ended({protocol})},
        {"http2/6.2/3", "HEADERS on stream 0", {raw_head(0, get_block)}, ended({protocol})},
        {"http2/6.2/4",
         "HEADERS with more padding than payload",
         {raw_head(1, "\xff" + get_block, f_end | f_end_head | f_padded)},
         ended({protocol})},
        {"http2/6.3/1",
         "PRIORITY on stream 0",
         {frame(t_priority, 0, 0, u32(0) + "\xff")},
         ended({protocol})},
        {"http2/6.3/2",
         "PRIORITY of four octets",
         {get(1) + frame(t_priority, 0, 1, u32(0))},
         reset(1, {frame_size})},
        {"http2/6.4/1", "RST_STREAM on stream 0", {rst(0)}, ended({protocol})},
        {"http2/6.4/2", "RST_STREAM on an idle stream", {rst(1)}, ended({protocol})},
        {"http2/6.4/3",
         "RST_STREAM of three octets",
         {open_post + frame(t_rst, 0, 1, "\0\0\0"s)},
         ended({frame_size})},
    });
}

TEST_CASE("h2spec http2 6.5 to 6.8: SETTINGS, PING, GOAWAY")
{
    catalogue{}.run({
        {"http2/6.5/1",
         "SETTINGS with ACK and a payload",
         {frame(t_settings, f_ack, 0, u16(0) + u32(0))},
         ended({frame_size})},
        {"http2/6.5/2",
         "SETTINGS on a stream",
         {frame(t_settings, 0, 1, u16(3) + u32(100))},
         ended({protocol})},
        {"http2/6.5/3",
         "SETTINGS of three octets",
         {frame(t_settings, 0, 0, "\0\x03\0"s)},
         ended({frame_size})},
        {"http2/6.5.2/1", "ENABLE_PUSH 2", {settings({{2, 2}})}, ended({protocol})},
        {"http2/6.5.2/2",
         "INITIAL_WINDOW_SIZE 2^31",
         {settings({{4, 0x8000'0000U}})},
         ended({flow_control})},
        {"http2/6.5.2/3", "MAX_FRAME_SIZE 2^14 - 1", {settings({{5, 16'383}})}, ended({protocol})},
        {"http2/6.5.2/4", "MAX_FRAME_SIZE 2^24", {settings({{5, 16'777'216}})}, ended({protocol})},
        {"http2/6.5.2/5", "an unknown setting", {settings({{0xff, 1}})}, alive()},
        {"http2/6.5.3/1",
         "INITIAL_WINDOW_SIZE twice: the last one counts",
         {settings({{4, 100}, {4, 1}}) + get(1)},
         last_data(1)},
        {"http2/6.5.3/2", "SETTINGS are acknowledged", {settings({{4, 100}})}, alive()},
        {"http2/6.7/1", "PING is answered", {ping()}, alive()},
        {"http2/6.7/2", "PING with ACK is not", {ping(f_ack)}, alive()},
        {"http2/6.7/3", "PING on a stream", {frame(t_ping, 0, 1, "12345678")}, ended({protocol})},
        {"http2/6.7/4", "PING of six octets", {frame(t_ping, 0, 0, "123456")}, ended({frame_size})},
        {"http2/6.8/1",
         "GOAWAY on a stream",
         {frame(t_goaway, 0, 1, u32(0) + u32(0))},
         ended({protocol})},
    });
}

TEST_CASE("h2spec http2 6.9: WINDOW_UPDATE")
{
    constexpr std::uint32_t most = 0x7fff'ffff;
    catalogue{}.run({
        {"http2/6.9/1", "an increment of 0", {window(0, 0)}, ended({protocol})},
        {"http2/6.9/2",
         "an increment of 0 on a stream",
         {open_post + window(1, 0)},
         reset(1, {protocol})},
        {"http2/6.9/3",
         "WINDOW_UPDATE of three octets",
         {frame(t_window, 0, 0, "\0\0\1"s)},
         ended({frame_size})},
        {"http2/6.9.1/1", "a window of one octet", {settings({{4, 1}}) + get(1)}, last_data(1)},
        {"http2/6.9.1/2",
         "a window of the connection above 2^31 - 1",
         {window(0, most) + window(0, most)},
         ended({flow_control})},
        {"http2/6.9.1/3",
         "a window of a stream above 2^31 - 1",
         {open_post + window(1, most) + window(1, most)},
         reset(1, {flow_control})},
        {"http2/6.9.2/1",
         "INITIAL_WINDOW_SIZE changes after HEADERS",
         {settings({{4, 0}}) + get(1), settings({{4, 1}})},
         last_data(1)},
        {"http2/6.9.2/2",
         "a window that is negative",
         {settings({{4, 3}}) + get(1), settings({{4, 2}}), window(1, 2)},
         last_data(1)},
        {"http2/6.9.2/3",
         "INITIAL_WINDOW_SIZE above the most",
         {settings({{4, 0x8000'0000U}})},
         ended({flow_control})},
    });
}

TEST_CASE("h2spec http2 6.10 and 7: CONTINUATION, unknown error codes")
{
    const std::string more = block({{"a", "b"}});
    catalogue{}.run({
        {"http2/6.10/1",
         "several CONTINUATION behind HEADERS",
         {begun_get + frame(t_continuation, 0, 1, more) +
          frame(t_continuation, f_end_head, 1, more)},
         answered()},
        {"http2/6.10/2",
         "CONTINUATION, then another frame",
         {begun_get + frame(t_continuation, 0, 1, more) + data(1, "test")},
         ended({protocol})},
        {"http2/6.10/3",
         "CONTINUATION on stream 0",
         {begun_get + frame(t_continuation, f_end_head, 0, more)},
         ended({protocol})},
        {"http2/6.10/4",
         "CONTINUATION behind END_HEADERS",
         {heads(1, post, f_end_head) + frame(t_continuation, f_end_head, 1, more)},
         ended({protocol})},
        {"http2/6.10/5",
         "CONTINUATION behind CONTINUATION with END_HEADERS",
         {raw_head(1, block(post), 0) + frame(t_continuation, f_end_head, 1, more) +
          frame(t_continuation, f_end_head, 1, more)},
         ended({protocol})},
        {"http2/6.10/6",
         "CONTINUATION behind DATA",
         {open_post + data(1, "test", 0) + frame(t_continuation, f_end_head, 1, more)},
         ended({protocol})},
        {"http2/7/1",
         "GOAWAY with an unknown code",
         {frame(t_goaway, 0, 0, u32(0) + u32(0xff))},
         ended({-1, 0})},
        {"http2/7/2", "RST_STREAM with an unknown code", {open_post + rst(1, 0xff)}, alive()},
    });
}

TEST_CASE("h2spec http2 8: messages of HTTP")
{
    const fields five = post + fields{{"content-length", "1"}};
    catalogue{}.run({
        {"http2/8.1/1",
         "a second HEADERS without END_STREAM",
         {open_post + data(1, "test", 0) + heads(1, {{"x", "y"}}, f_end_head)},
         reset(1, {protocol})},
        {"http2/8.1.2/1",
         "capitals in a field name",
         {with({{"X-TEST", "ok"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.1/1",
         "an unknown pseudo-header",
         {heads(1, fields{{":test", "ok"}} + ask())},
         reset(1, {protocol})},
        {"http2/8.1.2.1/2",
         "a pseudo-header of answers",
         {heads(1, ask() + fields{{":status", "200"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.1/3",
         "a pseudo-header among trailers",
         {open_post + data(1, "test", 0) + heads(1, {{":method", "GET"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.1/4",
         "a pseudo-header behind other fields",
         {without(":path", {{"x-test", "ok"}, {":path", "/"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.2/1",
         "a field of the connection",
         {with({{"connection", "keep-alive"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.2/2",
         "TE other than trailers",
         {with({{"te", "trailers, deflate"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.3/1", "an empty :path", {heads(1, ask("GET", ""))}, reset(1, {protocol})},
        {"http2/8.1.2.3/2", "no :method", {without(":method")}, reset(1, {protocol})},
        {"http2/8.1.2.3/3", "no :scheme", {without(":scheme")}, reset(1, {protocol})},
        {"http2/8.1.2.3/4", "no :path", {without(":path")}, reset(1, {protocol})},
        {"http2/8.1.2.3/5",
         ":method twice",
         {heads(1, ask() + fields{{":method", "POST"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.3/6",
         ":scheme twice",
         {heads(1, ask() + fields{{":scheme", "http"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.3/7",
         ":path twice",
         {heads(1, ask() + fields{{":path", "/"}})},
         reset(1, {protocol})},
        {"http2/8.1.2.6/1",
         "content-length that is not the DATA's",
         {heads(1, five, f_end_head) + data(1, "test")},
         reset(1, {protocol})},
        {"http2/8.1.2.6/2",
         "content-length that is not the sum of all DATA",
         {heads(1, five, f_end_head) + data(1, "te", 0) + data(1, "st")},
         reset(1, {protocol})},
        {"http2/8.2/1",
         "PUSH_PROMISE from a client",
         {frame(t_push, f_end_head, 1, u32(2) + get_block)},
         ended({protocol})},
    });
}
