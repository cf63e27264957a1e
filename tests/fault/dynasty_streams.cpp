// What the servers of a dynasty stream.
#include "dynasty.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/request.hpp>

#include <csignal>

namespace cohort::test {

using namespace std::chrono_literals;

namespace {

/// "piece 0piece 1 ... piece 4", each a write of its own.
awaitable<> write_pieces(http::body_writer& out, std::uint64_t from)
{
    for (std::uint64_t i = from / 7; i < 5; ++i) {
        const std::string piece = "piece " + std::to_string(i);
        const auto sent = co_await out.write(std::string_view{piece}.substr(from % 7));
        if (!sent)
            co_return;
        from = 0;
        co_await sleep_for(1ms);
    }
}

/// pattern(long_bytes), from somewhere, in pieces of all sizes.
awaitable<> write_long(http::body_writer& out, std::uint64_t from)
{
    static const std::string all = pattern(long_bytes);
    std::size_t size = 1;
    while (from < all.size()) {
        const auto piece = std::string_view{all}.substr(from, size);
        const auto sent = co_await out.write(piece);
        if (!sent)
            co_return;
        from += piece.size();
        size = size * 5 % 49'999 + 1;
    }
}

}  // namespace

void dynasty::streams(http::router& api)
{
    using namespace cohort::http;
    const auto pieces = [](body_writer& out) { return write_pieces(out, 0); };
    const auto more_pieces = [](const request&, resume_point at, body_writer& out) {
        return write_pieces(out, at.offset);
    };
    const auto all = [](body_writer& out) { return write_long(out, 0); };
    const auto rest = [](const request&, resume_point at, body_writer& out) {
        return write_long(out, at.offset);
    };
    api.get("/resumable", [=](const request&) { return stream("text/plain", pieces); },
            {.resume = more_pieces});
    api.post("/resumable/length", [=](const request&) { return stream("text/plain", 35, pieces); },
             {.resume = more_pieces});
    api.get("/long", [=](const request&) { return stream("text/plain", all); }, {.resume = rest});
    api.get("/long/length", [=](const request&) { return stream("text/plain", long_bytes, all); },
            {.resume = rest});
    api.get("/long/mortal", [=](const request&) { return stream("text/plain", all); });
    api.get("/long/crash", [=](const request&) { return stream("text/plain", all); },
            {.resume = [](const request&, resume_point, body_writer&) -> task<> {
                ::raise(SIGSEGV);
                co_return;
            }});
}

}  // namespace cohort::test
