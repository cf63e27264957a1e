// What a server has to do with frames, as a table: the behaviours that the Autobahn test suite asks
// for, by its numbers. Each case comes in one piece, and byte by byte.
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

struct behaviour {
    std::string number;
    std::string sent;
    std::string heard;  // "text 5, pong 0, close 1002"
};

using behaviours = std::vector<behaviour>;

/// "text 5": a text message of five bytes; short ones are shown.
std::string show(const std::vector<frame>& all)
{
    std::string words;
    for (const frame& each : all) {
        if (!words.empty())
            words += ", ";
        switch (each.what()) {
            case opcode::text:
                words += "text ";
                break;
            case opcode::binary:
                words += "binary ";
                break;
            case opcode::pong:
                words += "pong ";
                break;
            case opcode::close:
                words += fmt::format("close {}", each.close_code());
                continue;
            default:
                words += fmt::format("{:02x} ", each.first);
                break;
        }
        words += fmt::format("{}", each.payload.size());
    }
    return words;
}

enum class arrival : std::uint8_t { at_once, byte_by_byte };

void play(const behaviour& each, arrival how, std::optional<deflate_terms> deflate = {})
{
    INFO(each.number);
    INFO((how == arrival::at_once ? "at once" : "byte by byte"));
    socket_house h{echo, {}, std::move(deflate)};
    if (how == arrival::at_once) {
        h.them.say(each.sent);
    } else {
        for (const char c : each.sent) {
            // A server that has heard enough closes, and the rest may not be taken.
            if (::send(h.them.socket.borrow(), &c, 1, MSG_NOSIGNAL) != 1)
                break;
            h.loop.poll();
        }
    }
    const std::size_t commas = static_cast<std::size_t>(std::ranges::count(each.heard, ','));
    const std::size_t expected = each.heard.empty() ? 0 : commas + 1;
    h.hear(expected);
    for (int i = 0; i < 4; ++i)
        h.loop.poll();
    h.them.listen();
    CHECK(show(frames_in(h.them.heard)) == each.heard);
}

void play_all(const behaviours& table)
{
    for (const behaviour& each : table) {
        play(each, arrival::at_once);
        if (each.sent.size() < 2'000)
            play(each, arrival::byte_by_byte);
    }
}

std::string said(std::string_view payload) { return frame_of(opcode::text, payload); }
std::string first(std::string_view payload) { return raw_frame(0x01, payload); }
std::string middle(std::string_view payload) { return raw_frame(0x00, payload); }
std::string last(std::string_view payload) { return raw_frame(0x80, payload); }
std::string bye() { return close_frame(1000); }

}  // namespace

TEST_CASE("Autobahn 1: frames of every length are echoed")
{
    behaviours table;
    for (const std::size_t size :
         {0, 1, 125, 126, 127, 128, 300, 1'500, 1'536, 8'192, 65'535, 65'536})
    {
        table.push_back({fmt::format("1.1 {}", size), said(std::string(size, '*')) + bye(),
                         fmt::format("text {}, close 1000", size)});
        table.push_back({fmt::format("1.2 {}", size),
                         frame_of(opcode::binary, std::string(size, '\xfe')) + bye(),
                         fmt::format("binary {}, close 1000", size)});
    }
    play_all(table);
}

TEST_CASE("Autobahn 2: pings are answered with their payload, pongs are not")
{
    std::string ten;
    std::string pongs;
    for (int i = 0; i < 10; ++i) {
        ten += frame_of(opcode::ping, "ping" + std::to_string(i));
        pongs += "pong 5, ";
    }
    play_all({
        {"2.1", frame_of(opcode::ping) + bye(), "pong 0, close 1000"},
        {"2.2", frame_of(opcode::ping, "Hello") + bye(), "pong 5, close 1000"},
        {"2.3", frame_of(opcode::ping, std::string("\x00\xff\xfe", 3)) + bye(),
         "pong 3, close 1000"},
        {"2.4", frame_of(opcode::ping, std::string(125, '\xfe')) + bye(), "pong 125, close 1000"},
        {"2.5", frame_of(opcode::ping, std::string(126, '\xfe')), "close 1002"},
        {"2.7", frame_of(opcode::pong) + bye(), "close 1000"},
        {"2.8", frame_of(opcode::pong, "unsolicited") + bye(), "close 1000"},
        {"2.9", frame_of(opcode::pong, "u") + frame_of(opcode::ping, "p") + bye(),
         "pong 1, close 1000"},
        {"2.10", ten + bye(), pongs + "close 1000"},
    });
}

TEST_CASE("Autobahn 3 and 4: reserved bits and opcodes are protocol errors")
{
    behaviours table;
    for (unsigned bits = 1; bits < 8; ++bits) {
        table.push_back({fmt::format("3.{}", bits),
                         said("before") + raw_frame(0x81U | bits << 4, "x"), "text 6, close 1002"});
        table.push_back(
            {fmt::format("3.{} ping", bits), raw_frame(0x89U | bits << 4, ""), "close 1002"});
    }
    for (const unsigned opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        table.push_back({fmt::format("4 {}", opcode), raw_frame(0x80U | opcode, ""), "close 1002"});
        table.push_back({fmt::format("4 {} after", opcode),
                         said("before") + raw_frame(0x80U | opcode, "x") + frame_of(opcode::ping),
                         "text 6, close 1002"});
    }
    play_all(table);
}

TEST_CASE("Autobahn 5: messages may come in pieces, with control frames between, never within")
{
    play_all({
        {"5.1", raw_frame(0x09, "a") + middle("b"), "close 1002"},
        {"5.2", raw_frame(0x0a, "a") + middle("b"), "close 1002"},
        {"5.3", first("frag1") + last("frag2") + bye(), "text 10, close 1000"},
        {"5.6", first("frag1") + frame_of(opcode::ping, "pi") + last("frag2") + bye(),
         "pong 2, text 10, close 1000"},
        {"5.9", last("no start"), "close 1002"},
        {"5.10", middle("no start") + said("x"), "close 1002"},
        {"5.15", first("a") + last("b") + last("c"), "text 2, close 1002"},
        {"5.18", first("a") + said("b"), "close 1002"},
        {"5.19",
         first("1") + middle("2") + frame_of(opcode::ping, "x") + middle("3") + middle("4") +
             frame_of(opcode::ping, "y") + last("5") + bye(),
         "pong 1, pong 1, text 5, close 1000"},
        {"6.1.2", first("") + middle("") + last("") + bye(), "text 0, close 1000"},
        {"6.1.3", first("") + middle("middle") + last("") + bye(), "text 6, close 1000"},
    });
}

TEST_CASE("Autobahn 6: text is UTF-8, and stops at the first byte that cannot be")
{
    const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    std::string in_bytes = first("");
    for (const char c : kosme)
        in_bytes += middle(std::string_view{&c, 1});
    behaviours table{
        {"6.2.1", said("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4-UTF-8!!") + bye(),
         "text 23, close 1000"},
        {"6.2.4", in_bytes + last("") + bye(), "text 11, close 1000"},
        {"6.3.1", said(kosme + "\xed\xa0\x80" + "edited"), "close 1007"},
        // The rest of the message is never sent: who waits for it has not failed fast.
        {"6.4.1", first(kosme) + middle("\xf4\x90\x80\x80"), "close 1007"},
        {"6.4.2", first(kosme + "\xf4") + middle("\x90"), "close 1007"},
        {"6.4.3", raw_frame(0x81, kosme + "\xf4\x90" + std::string(500, 'x')).substr(0, 40),
         "close 1007"},
        {"6.5 cut", said("\xce"), "close 1007"},
        {"6.5 cut in pieces", first("\xe1\xbd") + last(""), "close 1007"},
    };
    for (const std::string_view good :
         {"\xf0\x90\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf",
          "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf0\x9f\xbf\xbe", "\x7f", "\xc2\x80", "\xe0\xa0\x80"})
        table.push_back({fmt::format("6.7+ {}", good.size()), said(good) + bye(),
                         fmt::format("text {}, close 1000", good.size())});
    for (const std::string_view bad : {"\xf8\x88\x80\x80\x80",
                                       "\xfc\x84\x80\x80\x80\x80",
                                       "\xf7\xbf\xbf\xbf",
                                       "\x80",
                                       "\xbf",
                                       "\x80\xbf\x80",
                                       "\xc0\xaf",
                                       "\xe0\x80\xaf",
                                       "\xf0\x80\x80\xaf",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xed\xa0\x80",
                                       "\xed\xbf\xbf",
                                       "\xed\xad\xbf\xed\xbf\xbf",
                                       "\xfe",
                                       "\xff",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xce\xce"})
        table.push_back({fmt::format("6.12+ {:02x}", static_cast<unsigned char>(bad[0])), said(bad),
                         "close 1007"});
    play_all(table);
}

TEST_CASE("Autobahn 7: a close frame is answered with its code, and ends the talk")
{
    behaviours table{
        {"7.1.2", bye() + bye(), "close 1000"},
        {"7.1.3", bye() + frame_of(opcode::ping), "close 1000"},
        {"7.1.4", bye() + said("late"), "close 1000"},
        {"7.1.5", first("a") + bye() + last("b"), "close 1000"},
        {"7.3.1", frame_of(opcode::close), "close 1000"},
        {"7.3.2", frame_of(opcode::close, "a"), "close 1002"},
        {"7.3.4", close_frame(1000, "Hello"), "close 1000"},
        {"7.3.5", close_frame(1000, std::string(123, '*')), "close 1000"},
        {"7.3.6", close_frame(1000, std::string(124, '*')), "close 1002"},
        {"7.5.1", close_frame(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), "close 1002"},
        {"fragmented close", raw_frame(0x08, ""), "close 1002"},
    };
    for (const unsigned code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999})
        table.push_back(
            {fmt::format("7.7 {}", code), close_frame(code), fmt::format("close {}", code)});
    for (const unsigned code :
         {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65'535})
        table.push_back({fmt::format("7.9 {}", code), close_frame(code, "why"), "close 1002"});
    play_all(table);
}

TEST_CASE("Autobahn 9: a message of the largest size is taken, one byte more closes with 1009")
{
    const std::string most(65'536, 'm');
    std::string pieces = first("");
    for (int i = 0; i < 64; ++i)
        pieces += middle(most.substr(0, 1'024));
    // 2^63 - 1 bytes are announced, and none sent.
    const std::string endless = "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
                                "1234";
    play_all({
        {"exactly", said(most) + bye(), "text 65536, close 1000"},
        {"one more", said(most + "m").substr(0, 100), "close 1009"},
        {"in pieces", pieces + last("") + bye(), "text 65536, close 1000"},
        {"in pieces, one more", pieces + last("m"), "close 1009"},
        {"announced", endless, "close 1009"},
    });
}

TEST_CASE("frames of clients are masked; lengths are as short as they can be")
{
    play_all({
        {"unmasked", raw_frame(0x81, "Hello", 0), "close 1002"},
        {"unmasked ping", raw_frame(0x89, "", 0), "close 1002"},
        {"5 in 16 bits",
         std::string("\x81\xfe\x00\x05"
                     "1234",
                     8),
         "close 1002"},
        {"5 in 64 bits",
         std::string("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05"
                     "1234",
                     14),
         "close 1002"},
    });
}

TEST_CASE("too many pieces of one message close with 1008, empty ones too")
{
    std::string empty = first("");
    for (int i = 0; i < 1'100; ++i)
        empty += middle("");
    play({"fragments", empty, "close 1008"}, arrival::at_once);
    play({"fragments", empty, "close 1008"}, arrival::byte_by_byte);
}
