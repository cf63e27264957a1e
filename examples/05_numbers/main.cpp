// Counts to four million in one streamed answer, which goes on when its worker dies.
#include <cohort/cohort.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <unistd.h>

namespace http = cohort::http;

constexpr std::uint64_t line_bytes = 8;  // "0000042\n"
constexpr std::uint64_t lines = 4'000'000;

// From any byte of the body on: what was written before is nobody's business but the client's.
cohort::task<> count(http::body_writer& out, std::uint64_t offset)
{
    std::uint64_t line = offset / line_bytes;
    std::uint64_t skip = offset % line_bytes;
    while (line < lines) {
        std::string piece;
        for (int i = 0; i < 1000 && line < lines; ++i)
            piece += fmt::format("{:07}\n", line++);
        const auto sent = co_await out.write(std::string_view{piece}.substr(skip));
        if (!sent)
            co_return;  // the client left
        skip = 0;
    }
}

int main(int argc, char** argv)
{
    http::router api;

    api.get("/numbers",
            [](const http::request&) {
                auto from_the_start = [](http::body_writer& out) { return count(out, 0); };
                return http::stream("text/plain", from_the_start)
                    .header("X-Worker", std::to_string(::getpid()));
            },
            {.resume = [](const http::request&, http::resume_point at, http::body_writer& out) {
                return count(out, at.offset);
            }});

    return cohort::serve(argc, argv, api);
}
