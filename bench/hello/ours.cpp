// Cohort's HTTP room alone, as raw_epoll.cpp and the peers are run: one process, one loop, no
// primary. Usage: hello_ours <port> [journal]: with it, connections are recorded as those of a kept
// worker are. GET / answers 12 bytes, GET /json answers 4 KiB.
#include "../lib/alone.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/http/response.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

int main(int argc, char** argv)
{
    const auto port = argc > 1 ? cohort::parse_integer<std::uint16_t>(argv[1]) : std::nullopt;
    if (!port)
        return 2;
    cohort::http::router api;
    api.get("/", [](const cohort::http::request&) { return cohort::http::text("Hello, world"); });
    const std::string document = "{\"items\":\"" + std::string(4096 - 12, 'x') + "\"}";
    api.get("/json", [&](const cohort::http::request&) {
        return cohort::http::make_response(200, "application/json", document);
    });
    std::optional<cohort::board::journal> book;
    cohort::http::server_options options;
    if (argc > 2 && std::string_view{argv[2]} == "journal") {
        auto made = cohort::board::journal::create({});
        if (!made)
            return 1;
        book.emplace(std::move(*made));
        options.survival.journal = &*book;
    }
    return bench::serve_alone(*port, api, std::move(options));
}
