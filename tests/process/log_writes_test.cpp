// How many system calls lines cost: programs/scribe.cpp, whose workers' writes the kernel counts.

#include "family.hpp"
#include "log_folder.hpp"
#include "operator_of.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;

namespace {

constexpr std::int64_t lines_a_request = 100;
constexpr std::int64_t requests = 20;
constexpr std::uint64_t lines = requests * lines_a_request;

/// Calls of write(2) and its like so far; answers are sent, which is none of them.
std::uint64_t writes_of(pid_t pid)
{
    const std::string text = read_about(pid, "io");
    constexpr std::string_view name = "syscw: ";
    const std::size_t at = text.find(name);
    REQUIRE(at != std::string::npos);
    const std::size_t begin = at + name.size();
    return parse_integer<std::uint64_t>(
               std::string_view{text}.substr(begin, text.find('\n', begin) - begin))
        .value();
}

/// The only worker has all lines written, by requests that come together.
/// @return  its writes meanwhile.
std::uint64_t writes_of_a_pipeline(std::string_view more_app)
{
    temporary_folder folder;
    const std::uint16_t port = free_port();
    std::ofstream{folder.path() / "cohort.toml"}
        << fmt::format("[app.scribe]\nlisten = [\"127.0.0.1:{}\"]\nworkers = 1\n{}\n"
                       "[log]\nto = \"file:logs/scribe.log\"\n",
                       port, more_app);
    running_program program{{.exec = PROCESS_PROGRAMS "scribe",
                             .args = {"--config", "cohort.toml", "--name", "scribe"},
                             .cwd = folder.path().string()}};
    const auto logs = folder.path() / "logs";
    REQUIRE(eventually([&] { return text_of(logs / "scribe.log").contains("listening on port"); }));
    const auto pid = static_cast<pid_t>(
        operator_of{program, "scribe"}.ask("show", {}, 0).data.at("pid").as_int64());
    client over{port};
    CHECK(over.body_of("/asked") == "written");

    std::string pipeline;
    for (std::int64_t i = 0; i < requests; ++i)
        pipeline +=
            fmt::format("GET /lines/{} HTTP/1.1\r\nHost: test\r\n\r\n", i * lines_a_request);
    const std::uint64_t before = writes_of(pid);
    over.send(pipeline);
    for (std::int64_t i = 0; i < requests; ++i)
        CHECK(over.receive_until("written").ends_with("written"));
    CHECK(eventually([&] { return lines_in(logs).by_number.size() == lines; }));
    const std::uint64_t after = writes_of(pid);
    CHECK(program.stop().success());
    MESSAGE((after - before) << " writes for " << lines << " lines");
    return after - before;
}

}  // namespace

TEST_CASE("with keepers the lines of a turn of the loop are one write")
{
    // One for each request at most, and few more since so many lines are longer than a write.
    CHECK(writes_of_a_pipeline("") <= requests * 2);
}

TEST_CASE("without keepers each line is a write of its own, so that none dies with its worker")
{
    CHECK(writes_of_a_pipeline("keepers = false") >= lines);
}
