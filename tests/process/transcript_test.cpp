// What programs that know nothing of us write to their output is in the log.
#include "log_folder.hpp"
#include "operator_of.hpp"

#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace fs = std::filesystem;

namespace {

/// A program that writes whatever it likes, and goes on living.
constexpr std::string_view talker = R"(import sys, time
out = sys.stdout.buffer
for i in range(100000):
    out.write(b'{"number":%d}\n' % i)
out.write(b'x' * 1000000 + b'\n')
out.write(bytes(range(1, 10)) + bytes(range(11, 256)) + b'\n')
out.write(b'{"number":100000,"text":"' + b'y' * 15000 + b'"}\n')
out.write(b'{"number": \n')
out.write(b'the end')
out.flush()
if sys.argv[1] == 'leave': sys.exit(0)
open(sys.argv[1], 'w').close()
time.sleep(1000)
)";

/// Runs it once, with its output in the log, which goes `to` there. `then`: it leaves, or makes
/// that file when it has written all.
launch talk(const fs::path& folder, std::string_view then, std::string_view to)
{
    std::ofstream{folder / "talker.py"} << talker;
    std::ofstream{folder / "cohort.toml"}
        << fmt::format("[app.scribe]\nworkers = 1\nspeaks = \"none\"\nexec = \"/usr/bin/python3\"\n"
                       "args = [\"{}\", \"{}\"]\nstdout = \"pipe\"\nrestart.stop_codes = "
                       "[0]\n[log]\nto = \"{}\"\n",
                       (folder / "talker.py").string(), then, to);
    return {.exec = PROCESS_PROGRAMS "scribe",
            .args = {"--config", "cohort.toml"},
            .cwd = folder.string()};
}

}  // namespace

TEST_CASE("whatever another program writes is in lines that are JSON, and none of them is missing")
{
    const temporary_folder folder;
    running_program program{talk(folder.path(), "leave", "file:logs/it.log")};
    program.wait();
    const auto seen = lines_in(folder.path() / "logs");
    CHECK(seen.by_number.size() == 100'001);
    CHECK(seen.torn == 0);
    CHECK(seen.dropped == 0);
    const std::string text = text_of(folder.path() / "logs" / "it.log");
    // What is too long is cut, and said to be; what is no JSON is text, whatever it looks like.
    CHECK(text.find("xxx\",\"pid\":") != std::string::npos);
    CHECK(text.find("\"truncated\":true") != std::string::npos);
    CHECK(text.find("bytes of worker 1 on stdout did not fit into their lines") != text.npos);
    CHECK(text.find("\\u0001\\u0002") != std::string::npos);
    CHECK(text.find(R"("message":"{\"number\": ")") != std::string::npos);
    CHECK(text.find(R"("message":"the end")") != std::string::npos);
}

TEST_CASE(
    "a program that writes more than anybody reads keeps nobody from living, and what is lost "
    "is counted")
{
    const temporary_folder folder;
    running_program program{talk(folder.path(), (folder.path() / "done").string(), "stdout")};
    // Nobody has read a line by now; the program did not have to wait for that, and nobody else
    // does.
    CHECK(eventually([&] { return fs::exists(folder.path() / "done"); }));
    CHECK(operator_of{program, "scribe"}.ask("ls").code == exit_code::done);
    const auto line = program.wait_for("log lines were dropped");
    CHECK(line.at("dropped").to_number<std::uint64_t>() > 1000);
    CHECK(program.stop().success());
}

TEST_CASE("what other programs write is in the file of their slot, once, while that is put aside")
{
    const temporary_folder folder;
    std::ofstream{folder.path() / "cohort.toml"}
        << "[app.scribe]\nworkers = 2\nspeaks = \"none\"\nexec = \"/bin/sh\"\n"
           "args = [\"-c\", 'i=0; while [ $i -lt 2000 ]; do echo \"{\\\"number\\\":$i}\"; "
           "i=$((i+1)); done; echo plain words >&2; exec sleep 1000']\n"
           "[log]\nto = \"file:logs/{slot}.log\"\nrotate = \"4K x 1000\"\n";
    running_program program{{.exec = PROCESS_PROGRAMS "scribe",
                             .args = {"--config", "cohort.toml"},
                             .cwd = folder.path().string()}};
    const fs::path logs = folder.path() / "logs";
    CHECK(eventually([&] {
        return fs::exists(logs / "0.log.1") && fs::exists(logs / "1.log.1") &&
               lines_in(logs).by_number.size() == 2000 && lines_in(logs).words == 2;
    }));
    for (const auto& [number, times] : lines_in(logs).by_number)
        CHECK(times == 2);  // once by each
    CHECK(program.stop().success());
}
