#include <cohort/http/websocket/frame_meter.hpp>

#include <cohort/http/websocket/detail/frames_test.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

bool take(frame_meter& by, std::string_view bytes)
{
    return by.take(std::as_bytes(std::span{bytes}));
}

}  // namespace

TEST_CASE("pieces are counted for each message anew, control frames not at all")
{
    frame_meter meter{3};
    for (int i = 0; i < 5; ++i) {
        CHECK(take(meter, raw_frame(0x01, "one") + frame_of(opcode::ping, "p")));
        CHECK(take(meter, raw_frame(0x00, std::string(70'000, 'x'))));
        CHECK(take(meter, raw_frame(0x80, std::string(200, 'x'), 0)));
    }
    CHECK(meter.frames() == 20);
    CHECK(take(meter, raw_frame(0x01, "") + raw_frame(0x00, "") + raw_frame(0x00, "")));
    CHECK(!take(meter, raw_frame(0x00, "")));
    CHECK(!take(meter, ""));
}

TEST_CASE("bytes may come cut anywhere")
{
    const std::string bytes = raw_frame(0x01, std::string(300, 'a')) + frame_of(opcode::pong) +
                              raw_frame(0x80, std::string(66'000, 'b'));
    for (const std::size_t step : {1, 2, 3, 7, 64, 1'000}) {
        frame_meter meter{2};
        for (std::size_t at = 0; at < bytes.size(); at += step)
            CHECK(take(meter, std::string_view{bytes}.substr(at, step)));
        CHECK(meter.frames() == 3);
    }
}
