#pragma once
// The test's end of programs/metered.cpp.

#include "metrics_page.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace cohort::testing {

/// programs/metered.cpp with two workers. A resource.
struct metered {
    explicit metered(const char* name = "metered")
        : program{plan(name)}
    {
        port = port_of(program.wait_for_all("listening on port", workers_wanted).front());
    }
    [[nodiscard]] launch plan(const char* name) const
    {
        const std::string file = folder.path() / "cohort.toml";
        std::ofstream{file} << fmt::format("[app.{}]\nreload = {{soak = \"100ms\"}}\n", name);
        launch how;
        how.exec = PROCESS_PROGRAMS "metered";
        how.args = {"--workers",
                    "2",
                    "--bind",
                    "127.0.0.1:0",
                    "--config",
                    file.c_str(),
                    fmt::format("--name={}", name)};
        return how;
    }
    /// By one of its workers, at this moment.
    [[nodiscard]] metrics_page read() const
    {
        client over{port};
        return metrics_page{over.body_of("/page")};
    }
    /// Asks `times` times, each on a connection of its own; all are answered.
    void greet(int times)
    {
        for (int i = 0; i < times; ++i) {
            client over{port};
            REQUIRE(over.body_of("/hello/you") == "hello");
            ++answered;
        }
    }
    /// Waits until the page says so, since what is looked at once a second comes late.
    template <class Says>
    [[nodiscard]] bool comes_to(Says says) const
    {
        return eventually([&] { return says(read()); });
    }

    static constexpr std::size_t workers_wanted = 2;
    temporary_folder folder;
    running_program program;
    std::uint16_t port = 0;
    int answered = 0;
};

/// How often /hello/… was answered, as metered counts it.
inline constexpr std::string_view greetings =
    "http_server_request_duration_seconds_count{http_request_method=\"GET\","
    "http_route=\"/hello/{name}\",http_response_status_code=\"200\"";

}  // namespace cohort::testing
