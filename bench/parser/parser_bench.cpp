// How long a head takes: ours, and llhttp for comparison. Prints the median of 21 rounds.

#include "../lib/nanoseconds.hpp"

#include <cohort/http/head_parser.hpp>
#include <cohort/http/serializer.hpp>

#include <llhttp.h>

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

using namespace cohort;
using bench::keep;

namespace {

constexpr int rounds = 21;
constexpr int repeats = 50'000;

const std::string wrk = "GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nConnection: keep-alive\r\n\r\n";

const std::string browser =
    "GET /articles/2024/01/some-long-name?page=2&sort=asc HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: none\r\n\r\n";

template <class Work>
void measure(std::string_view what, Work work)
{
    fmt::print("{:<32} {:7.1f} ns\n", what,
               bench::median_ns(rounds, repeats, [&](int) { work(); }));
}

void measure_head(std::string_view name, const std::string& bytes)
{
    const http::limits bounds;
    http::head found;
    measure(fmt::format("ours, {}", name), [&] {
        http::head_parser parser{bounds};
        keep(bytes);
        const auto status = parser.parse(bytes, found);
        keep(status);
        keep(found);
    });
    measure(fmt::format("ours, {}, byte by byte", name), [&] {
        http::head_parser parser{bounds};
        for (std::size_t size = 1; size <= bytes.size(); ++size)
            keep(parser.parse({bytes.data(), size}, found));
    });
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    measure(fmt::format("llhttp, no callbacks, {}", name), [&] {
        llhttp_t parser;
        llhttp_init(&parser, HTTP_REQUEST, &settings);
        keep(llhttp_execute(&parser, bytes.data(), bytes.size()));
    });
}

}  // namespace

int main()
{
    measure_head("wrk", wrk);
    measure_head("browser", browser);

    std::string out;
    const std::array<http::field_view, 1> fields{{{"Content-Type", "text/plain; charset=utf-8"}}};
    measure("an answer's head", [&] {
        out.clear();
        const auto plan = http::plan_answer({.connection = http::persistence::keep, .length = 12});
        keep(http::append_head(out, plan, fields).has_value());
        keep(out);
    });
    return 0;
}
