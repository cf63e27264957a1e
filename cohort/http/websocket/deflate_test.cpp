// Compressed messages: the examples of RFC 7692, and round trips.
#include <cohort/http/websocket/deflate_terms.hpp>
#include <cohort/http/websocket/detail/frames_test.hpp>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

namespace zlib = boost::beast::zlib;
using context = websocket_compression::context;

deflate_terms terms_of(std::string_view offer, const websocket_compression& ours = {})
{
    const auto terms = agree_on_deflate({offer}, ours);
    REQUIRE(terms);
    return *terms;
}

/// The client's half.
class compressor {
public:
    explicit compressor(int bits = 15) { out_.reset(6, bits, 8, zlib::Strategy::normal); }

    std::string deflate(std::string_view text)
    {
        std::string packed(out_.upper_bound(text.size()) + 64, '\0');
        zlib::z_params z;
        z.next_in = text.data();
        z.avail_in = text.size();
        z.next_out = packed.data();
        z.avail_out = packed.size();
        boost::system::error_code ec;
        out_.write(z, zlib::Flush::sync, ec);
        REQUIRE(!ec);
        packed.resize(z.total_out);
        REQUIRE(packed.ends_with(std::string_view{"\0\0\xff\xff", 4}));
        packed.resize(packed.size() - 4);
        return packed;
    }

    std::string inflate(std::string packed, std::size_t most = 1 << 20)
    {
        packed.append("\0\0\xff\xff", 4);
        std::string text(most, '\0');
        zlib::z_params z;
        z.next_in = packed.data();
        z.avail_in = packed.size();
        z.next_out = text.data();
        z.avail_out = text.size();
        boost::system::error_code ec;
        in_.write(z, zlib::Flush::sync, ec);
        CHECK((!ec || ec == zlib::error::need_buffers));
        text.resize(z.total_out);
        return text;
    }
    void begin_anew() { in_.reset(15); }

private:
    zlib::deflate_stream out_;
    zlib::inflate_stream in_;
};

std::string bytes(std::string_view hex)
{
    std::string all;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 3) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        all += static_cast<char>(value);
    }
    return all;
}

constexpr unsigned packed_text = 0xc1;

}  // namespace

TEST_CASE("the examples of RFC 7692, section 7.2.3, say Hello")
{
    const std::string hello = bytes("f2 48 cd c9 c9 07 00 ");
    const std::vector<std::string> all{
        raw_frame(packed_text, hello),
        raw_frame(0x41, hello.substr(0, 3)) + raw_frame(0x80, hello.substr(3)),
        raw_frame(packed_text, bytes("00 05 00 fa ff 48 65 6c 6c 6f 00 ")),
        raw_frame(packed_text, bytes("f2 48 05 00 00 00 ff ff ca c9 c9 07 00 ")),
        raw_frame(0x41, hello.substr(0, 1)) + frame_of(opcode::pong) + raw_frame(0x00, "") +
            raw_frame(0x80, hello.substr(1)),
    };
    for (const std::string& each : all) {
        socket_house h{echo, {}, terms_of("permessage-deflate")};
        h.them.say(each);
        CHECK(h.hear(1)[0].payload == "Hello");
        CHECK(h.hear(1)[0].first == 0x81);  // too short to be worth it
    }
    socket_house h{echo, {}, terms_of("permessage-deflate", {.theirs = context::kept})};
    h.them.say(raw_frame(packed_text, hello) + raw_frame(packed_text, bytes("f2 00 11 00 00 ")));
    CHECK(h.hear(2)[1].payload == "Hello");
}

TEST_CASE("messages of many sizes go and come compressed, by every agreement")
{
    for (const context ours : {context::kept, context::fresh_each_message}) {
        for (const std::string_view offer :
             {"permessage-deflate", "permessage-deflate; server_max_window_bits=9",
              "permessage-deflate; client_max_window_bits"})
        {
            const websocket_compression how{
                .window_bits = 10, .ours = ours, .theirs = context::kept};
            const deflate_terms terms = terms_of(offer, how);
            socket_house h{echo, {.compression = how}, terms};
            compressor c{terms.their_window_bits};
            std::size_t count = 0;
            for (const std::size_t size : {0, 1, 10, 255, 256, 300, 5'000, 40'000, 65'536}) {
                std::string text;
                while (text.size() < size)
                    text += "line " + std::to_string(text.size() % 97) + ", ";
                text.resize(size);
                h.them.say(raw_frame(packed_text, c.deflate(text)));
                ++count;
                std::vector<frame> all;
                h.until([&] {
                    all = messages_in(h.them.heard);
                    return all.size() == count;
                });
                const frame& back = all.back();
                CHECK(back.first == (size < 256 ? 0x81 : 0xc1));
                if (size >= 256)
                    CHECK(back.payload.size() < size);
                const bool same = (size < 256 ? back.payload : c.inflate(back.payload)) == text;
                CHECK(same);
                if (ours == context::fresh_each_message)
                    c.begin_anew();
            }
        }
    }
}

TEST_CASE("a bomb is measured unpacked, and closes with 1009")
{
    socket_house h{echo, {}, terms_of("permessage-deflate")};
    const std::string bomb = compressor{}.deflate(std::string(10'000'000, '\0'));
    CHECK(bomb.size() < 11'000);
    h.them.say(raw_frame(packed_text, bomb));
    CHECK(h.hear(1)[0].close_code() == 1009);
}

TEST_CASE("what cannot be unpacked, or not as text, closes the socket")
{
    const auto close_of = [](const std::string& sent) {
        socket_house h{echo, {}, terms_of("permessage-deflate")};
        h.them.say(sent);
        return h.hear(1)[0].close_code();
    };
    CHECK(close_of(raw_frame(packed_text, "\xff\xff\xff\xff\xff")) == 1002);
    CHECK(close_of(raw_frame(packed_text, compressor{}.deflate("\xce\xba\xff"))) == 1007);
    CHECK(close_of(raw_frame(packed_text, compressor{}.deflate("\xce"))) == 1007);
    // A block that says it is the last: RFC 7692 allows it, Beast does not.
    CHECK(close_of(raw_frame(packed_text, bytes("f3 48 cd c9 c9 07 00 00 "))) == 1002);
    // RSV1 belongs to a message's first frame (RFC 7692, 6), and to no control frame.
    CHECK(close_of(raw_frame(0x01, "a") + raw_frame(0xc0, "b")) == 1002);
    CHECK(close_of(raw_frame(0xc9, "")) == 1002);
}

TEST_CASE("a compressed frame that announces more than there is memory costs nothing")
{
    for (const std::string_view length :
         {"\xfe\xff\xff\x80\x77\x02\x41\x83", "\x7f\xff\xff\xff\xff\xff\xff\xff"})
    {
        for (const unsigned first : {0xc1U, 0x41U}) {
            socket_house h{echo, {}, terms_of("permessage-deflate")};
            std::string bytes{static_cast<char>(first), '\xff'};
            bytes += length;
            bytes += std::string(4, '\0');  // the mask
            const std::string packed = compressor{}.deflate(std::string(100'000, 'a'));
            h.them.say(bytes + packed.substr(0, 1));
            while (h.loop.poll() != 0) {
            }
            CHECK(h.core->is_open());
            // What it unpacks to is measured as it comes.
            h.them.say(packed.substr(1));
            CHECK(h.hear(1)[0].close_code() == 1009);
            h.hear_end();
        }
    }
}
