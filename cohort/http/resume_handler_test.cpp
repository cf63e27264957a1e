#include <cohort/http/resume_handler.hpp>

#include <cohort/http/route.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::http;

namespace {

class kept_text final : public body_writer {
public:
    awaitable<result<>> write(std::string_view piece) override
    {
        text += piece;
        co_return result<>{};
    }
    std::string text;
};

std::string written_by(const resume_handler& call, resume_point from)
{
    boost::asio::io_context loop;
    request asked{request_source{}};
    kept_text out;
    boost::asio::co_spawn(loop, call(asked, from, out),
                          [](std::exception_ptr why) { CHECK(why == nullptr); });
    loop.run();
    return out.text;
}

}  // namespace

TEST_CASE("a route has no resume handler unless it is given one")
{
    CHECK_FALSE(route_options{}.resume);
    const route_options given{
        .resume = [](const request&, resume_point, body_writer&) -> task<> { co_return; }};
    CHECK(given.resume);
}

TEST_CASE("a resume handler hears where to go on, and copies of it are one")
{
    const std::string all = "0123456789";
    const resume_handler first = [&all](request&, resume_point at, body_writer& out) -> task<> {
        CHECK(at.length == 10);
        const auto sent = co_await out.write(std::string_view{all}.substr(at.offset));
        CHECK(sent.has_value());
    };
    const resume_handler copy = first;
    CHECK(written_by(first, {.offset = 7, .length = 10}) == "789");
    CHECK(written_by(copy, {.offset = 0, .length = 10}) == all);
    CHECK(written_by(copy, {.offset = 10, .length = 10}).empty());
}
