#include <cohort/http/middleware/compression.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/http/decoder.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/handler.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using cohort::http::detail::around;

namespace {

const std::string page(5000, 'x');

response ask(std::string_view accept, response (*make)() = [] { return text(page); })
{
    around one;
    one.use(compression());
    one.answers = make;
    return one.get("/", accept.empty() ? std::string{}
                                       : "Accept-Encoding: " + std::string{accept} + "\r\n");
}

std::string coding_of(const response& answer)
{
    return std::string{answer.header("Content-Encoding").value_or("none")};
}

/// Keeps each write by itself; the n-th may fail.
class kept_pieces final : public body_writer {
public:
    awaitable<result<>> write(std::string_view piece) override
    {
        if (pieces.size() == most)
            co_return failed(errc::channel_closed, "write");
        pieces.emplace_back(piece);
        co_return result<>{};
    }
    [[nodiscard]] std::string all() const
    {
        std::string text;
        for (const auto& each : pieces)
            text += each;
        return text;
    }
    std::vector<std::string> pieces;
    std::size_t most = 100;
};

/// Runs the producer of `answer`; true if it ended well.
bool run(response& answer, body_writer& out)
{
    boost::asio::io_context loop;
    std::exception_ptr error;
    boost::asio::co_spawn(loop, answer.producer()(out),
                          [&](std::exception_ptr why) { error = why; });
    loop.run();
    return error == nullptr;
}

/// Runs one request through the coroutines of `one`.
response run_async(around& one, boost::asio::io_context& loop)
{
    one.open();
    http::detail::parsed asked{"GET /", "Accept-Encoding: br\r\n"};
    response answer;
    boost::asio::co_spawn(loop, one.api.plan_for(asked.of).to->run_async(asked.of),
                          [&](std::exception_ptr why, response made) {
                              CHECK(why == nullptr);
                              answer = std::move(made);
                          });
    loop.restart();
    loop.run();
    return answer;
}

response two_events()
{
    return stream("text/event-stream", [](body_writer& out) -> task<> {
        auto first = co_await out.write("data: one\n\n");
        auto second = co_await out.write("data: two\n\n");
        CHECK((first && second));
    });
}

}  // namespace

TEST_CASE("large bodies are compressed on a lane, and sent as they are when none is to be had")
{
    around one;
    one.api.use(compression_on_lanes());
    std::string large;
    for (int i = 0; i < 20'000; ++i)
        large += std::to_string(i) + ' ';
    one.answers = [&large] { return text(large); };
    boost::asio::io_context loop{1};
    const auto large_one = run_async(one, loop);
    CHECK(coding_of(large_one) == "br");
    CHECK(decode(coding::br, large_one.body()).value() == large);
    CHECK(large_one.header("Vary") == "Accept-Encoding");

    boost::asio::io_context busy{1};
    lanes& pool = lanes::of(busy);
    pool.configure(1, 1);
    std::promise<void> released;
    std::shared_future<void> release = released.get_future().share();
    std::promise<void> begun;
    REQUIRE(pool.run([&begun, release]() noexcept {
        begun.set_value();
        release.wait();
    }));
    begun.get_future().wait();
    REQUIRE(pool.run([]() noexcept {}));
    const auto plain = run_async(one, busy);
    CHECK(coding_of(plain) == "none");
    CHECK(plain.body() == large);
    CHECK(plain.header("Vary") == "Accept-Encoding");
    one.answers = [] { return text(page); };
    CHECK(coding_of(run_async(one, busy)) == "br");
    released.set_value();
}

TEST_CASE("a text is compressed as its reader likes it best, and caches are told")
{
    for (const auto& [accept, wanted] :
         {std::pair{"gzip", "gzip"}, std::pair{"gzip, deflate, br, zstd", "br"},
          std::pair{"gzip;q=1, br;q=0.9", "gzip"}, std::pair{"zstd", "zstd"}, std::pair{"*", "br"},
          std::pair{"br;q=0, *;q=0.1", "zstd"}, std::pair{"deflate", "none"},
          std::pair{"gzip;q=0", "none"}, std::pair{"gzip;q=0.5, identity", "none"}})
    {
        CAPTURE(accept);
        const auto answer = ask(accept);
        CHECK(coding_of(answer) == wanted);
        CHECK(answer.header("Vary") == "Accept-Encoding");
    }
    CHECK(coding_of(ask("")) == "none");
    const auto answer = ask("gzip");
    CHECK(answer.body().size() < 200);
    CHECK(decode(coding::gzip, answer.body()).value() == page);
}

TEST_CASE("what is short, or would not get smaller, is sent as it is and without Vary")
{
    for (const auto make : {+[] { return text(std::string(1023, 'x')); },
                            +[] { return text(std::string((1U << 20) + 1, 'x')); },
                            +[] { return bytes("image/png", page); }, +[] { return no_content(); }})
    {
        const auto answer = ask("gzip", make);
        CHECK(coding_of(answer) == "none");
        CHECK_FALSE(answer.header("Vary"));
    }
}

TEST_CASE("who takes nothing as it is gets short texts compressed, too")
{
    const auto answer = ask("gzip, identity;q=0", [] { return text("short"); });
    CHECK(coding_of(answer) == "gzip");
    CHECK(coding_of(ask("gzip, *;q=0", [] { return text("short"); })) == "gzip");
}

TEST_CASE("answers that say what they are down to the byte are left alone")
{
    CHECK(ask("gzip", [] { return text(page).header("Content-Encoding", "br"); }).body() == page);
    CHECK(ask("gzip", [] {
              return text(page, 206).header("Content-Range", "bytes 0-4999/9999");
          }).body() == page);
    CHECK(ask("gzip", [] {
              return text(page).header("Cache-Control", "public, no-transform");
          }).body() == page);
    CHECK(ask("gzip", [] { return text(page).header("Repr-Digest", "sha-256=:AA==:"); }).body() ==
          page);
}

TEST_CASE("a strong ETag becomes a weak one, and byte ranges are not offered")
{
    const auto answer = ask("gzip", [] {
        return text(page).header("ETag", "\"v1\"").header("Accept-Ranges", "bytes");
    });
    CHECK(answer.header("ETag") == "W/\"v1\"");
    CHECK_FALSE(answer.header("Accept-Ranges"));
    CHECK(ask("gzip", [] { return text(page).header("ETag", "W/\"v1\""); }).header("ETag") ==
          "W/\"v1\"");
    CHECK(ask("", [] { return text(page).header("ETag", "\"v1\""); }).header("ETag") == "\"v1\"");
}

TEST_CASE("304 names the tag of the copy that the client holds")
{
    around one;
    one.use(compression());
    one.answers = [] { return response{304}.header("ETag", "\"v1\""); };
    const auto weak = one.get("/", "If-None-Match: W/\"v1\"\r\nAccept-Encoding: gzip\r\n");
    CHECK(weak.header("ETag") == "W/\"v1\"");
    CHECK(weak.header("Vary") == "Accept-Encoding");
    CHECK(one.get("/", "If-None-Match: \"v1\"\r\n").header("ETag") == "\"v1\"");
}

TEST_CASE("a route can keep its answers out, and one that resumes does so by itself")
{
    around secret;
    secret.use(compression());
    secret.options.notes = {uncompressed{}};
    secret.answers = [] { return text(page); };
    CHECK(secret.get("/", "Accept-Encoding: gzip\r\n").body() == page);

    around resumed;
    resumed.use(compression());
    resumed.options.resume = [](const request&, resume_point, body_writer&) -> task<> {
        co_return;
    };
    resumed.answers = two_events;
    CHECK(coding_of(resumed.get("/", "Accept-Encoding: gzip\r\n")) == "none");
}

TEST_CASE("HEAD says what GET would")
{
    around one;
    one.use(compression());
    one.answers = [] { return text(page); };
    const auto head = one.send("HEAD /", "Accept-Encoding: gzip\r\n");
    CHECK(coding_of(head) == "gzip");
    CHECK(head.length() == one.get("/", "Accept-Encoding: gzip\r\n").length());
}

TEST_CASE("a streamed answer is compressed as it comes, and each piece can be read at once")
{
    for (const coding kind : {coding::gzip, coding::br, coding::zstd}) {
        CAPTURE(name(kind));
        around one;
        one.use(compression());
        one.answers = [] { return two_events().status(201).header("X-Kept", "yes"); };
        auto answer = one.get("/", "Accept-Encoding: " + std::string{name(kind)} + "\r\n");
        CHECK(answer.status() == 201);
        CHECK(answer.header("X-Kept") == "yes");
        CHECK(answer.header("Content-Type") == "text/event-stream");
        CHECK(coding_of(answer) == name(kind));
        kept_pieces out;
        CHECK(run(answer, out));
        CHECK(out.pieces.size() == 3);
        CHECK(decode(kind, out.all()).value() == "data: one\n\ndata: two\n\n");
    }
}

TEST_CASE("a length that a stream announced is not announced any more")
{
    auto answer = ask("gzip", [] {
        return stream("text/plain", 5, [](body_writer& out) -> task<> {
            auto sent = co_await out.write("12345");
            CHECK(sent);
        });
    });
    CHECK(answer.length() == std::nullopt);
    kept_pieces out;
    CHECK(run(answer, out));
    CHECK(decode(coding::gzip, out.all()).value() == "12345");
}

TEST_CASE("half a stream never looks whole: no end is written after a failure")
{
    auto broken = ask("gzip", [] {
        return stream("text/plain", [](body_writer& out) -> task<> {
            auto sent = co_await out.write("12345");
            CHECK_FALSE(sent);
        });
    });
    kept_pieces closed;
    closed.most = 0;
    CHECK(run(broken, closed));
    CHECK(closed.pieces.empty());

    auto throwing = ask("gzip", [] {
        return stream("text/plain", [](body_writer& out) -> task<> {
            auto sent = co_await out.write("12345");
            CHECK(sent);
            throw std::runtime_error{"half way"};
        });
    });
    kept_pieces half;
    CHECK_FALSE(run(throwing, half));
    CHECK(half.pieces.size() == 1);
}

TEST_CASE("streams beyond the bound are sent as they are, and counted")
{
    around one;
    one.use(compression({.streams_max = 1}));
    one.answers = two_events;
    const auto refused = compression_now().streams_refused;
    {
        const auto first = one.get("/", "Accept-Encoding: gzip\r\n");
        CHECK(coding_of(first) == "gzip");
        CHECK(compression_now().streams_open == 1);
        CHECK(coding_of(one.get("/", "Accept-Encoding: gzip\r\n")) == "none");
    }
    CHECK(compression_now().streams_open == 0);
    CHECK(compression_now().streams_refused == refused + 1);
    CHECK(coding_of(one.get("/", "Accept-Encoding: gzip\r\n")) == "gzip");
}
