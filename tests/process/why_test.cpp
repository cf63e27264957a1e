// Workers die in every way there is, and `why` says which it was, what they were doing, and what
// they did before.

#include "api_server.hpp"
#include "operator_of.hpp"

#include <cohort/process/process_name.hpp>
#include <cohort/process/registers.hpp>

#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

namespace json = boost::json;

/// programs/mortal.cpp, and an operator.
struct mortal {
    explicit mortal(const std::string& file = {}, unsigned workers = 1)
        : server{{.workers = workers, .file = file, .program = "mortal"}},
          ops{server.program(), "api"}
    {}

    /// Asks a worker to die; whether somebody answers is not the matter here.
    void kill_by(std::string_view path)
    {
        client dying{server.port()};
        dying.send(fmt::format(
            "POST {}?token=secret HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n", path));
        last_end();
    }

    /// The last end of the slot that was not there before, with its whole story.
    json::object last_end(std::int64_t slot = 0)
    {
        json::object last;
        const bool there = eventually([&] {
            const auto said = ops.ask("why");
            for (const auto& each : said.data.at("slots").as_array()) {
                if (each.at("slot") != slot || each.at("total").as_int64() <= seen[slot])
                    continue;
                last = each.at("ends").as_array().front().as_object();
                return last.contains("story");
            }
            return false;
        });
        CHECK(there);
        if (there) {
            ++seen[slot];
            end = last;
        }
        return last;
    }

    /// Connections that `event` of the last end is about, which had to do with that slot.
    [[nodiscard]] std::int64_t connections(std::string_view event, std::int64_t slot) const
    {
        std::int64_t sum = 0;
        for (const auto& each : end.at("events").as_array()) {
            if (each.at("event").as_string() == event && each.at("slot") == slot)
                sum += each.at("connections").as_int64();
        }
        return sum;
    }

    [[nodiscard]] std::string text(std::string_view member) const
    {
        const auto* const found = end.if_contains(member);
        return found != nullptr && found->is_string() ? std::string{found->as_string()}
                                                      : std::string{};
    }

    /// A connection that has been served: it says who did it, and stays.
    pid_t worker()
    {
        client one{server.port()};
        return who_is(one).pid;
    }

    api_server server;
    operator_of ops;
    std::map<std::int64_t, std::int64_t> seen;  ///< ends, by slot
    json::object end;                           ///< the last one
};

struct way {
    std::string_view path;
    std::string_view cause;
    std::string_view words;  ///< within the sentence
    std::string_view stack;  ///< within the story; empty: there is none
};

std::string slurp(const std::string& path)
{
    std::ifstream file{path};
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

std::string plain(const json::value& text) { return std::string{text.as_string()}; }

std::string own_name()
{
    std::array<char, process::process_name_max> name{};
    return {name.data(), process::name_of_process(::getpid(), name)};
}

}  // namespace

TEST_CASE("why tells the ways to die from each other, names the request, and shows the stack")
{
    const std::vector<way> ways{
        {"/die/segv", "crash", "crashed: SIGSEGV: no memory at 0x1230, in thread ",
         "write_nowhere()"},
        {"/lane/segv", "crash", "POST /lane/segv", "write_nowhere()"},
        {"/die/abort", "abort", "aborted: SIGABRT", "break_a_promise()"},
        {"/die/thread", "exception", "exception escaped: std::runtime_error: no such table",
         "throw_on_a_thread"},
        {"/die/loop", "exception", "exception escaped: std::runtime_error: no such column",
         "throw_into_the_loop()"},
        {"/die/exit", "exit", "exit(3) was called by POST /die/exit", "call_exit(int)"},
        {"/die/quit", "exit", "ended itself with exit code 1", ""},
        {"/die/kill", "outside", "killed by SIGKILL from outside", ""},
    };
    mortal at;
    for (const way& each : ways) {
        CAPTURE(each.path);
        at.kill_by(each.path);
        CAPTURE(json::serialize(at.end));
        CHECK(at.text("cause") == each.cause);
        CHECK(at.text("cause_words").contains(each.words));
        const std::string story = at.text("story");
        CHECK(story.contains(each.stack));
        CHECK_FALSE(story.contains("secret"));
        CHECK_FALSE(story.contains("keeper_loop"));  // how it was born is nothing of its own
        // What it did, and what it said about that; not in a sentence of its own only.
        CHECK(story.contains(fmt::format("POST {} on connection", each.path)));
        const auto how = each.path.substr(each.path.rfind('/') + 1);
        CHECK(story.contains(fmt::format("about to die of {}", how)));
        const bool in_flight = at.end.at("in_flight").as_array().size() == 1;
        CHECK(in_flight == (each.path != "/die/loop"));  // that one was answered first, or cut
        CHECK_FALSE(at.end.at("events").as_array().empty());
        if (each.cause == "crash" && !process::register_names.empty()) {
            CHECK_FALSE(at.end.at("registers").as_object().empty());
            CHECK(at.text("address") == "0x1230");
        }
    }
}

TEST_CASE("the story of a death is a file, too, for people and for programs")
{
    mortal at;
    at.kill_by("/die/segv");
    const std::string path = at.text("file");
    REQUIRE(path.ends_with("-slot0-worker1-api.txt"));
    const std::string text = slurp(path);
    CHECK(text.contains("of api.0: crashed: SIGSEGV"));
    CHECK(text.contains("write_nowhere()"));
    CHECK(text.contains("about to die of segv"));
    CHECK_FALSE(text.contains("secret"));
    const std::string same = path.substr(0, path.size() - 4) + ".json";
    const auto whole = json::parse(slurp(same)).as_object();
    CHECK(whole.at("cause") == "crash");
    CHECK(whole.at("worker") == 1);
    CHECK(whole.at("stack").as_array().size() > 1);
    CHECK(plain(whole.at("build_id")) == at.text("build_id"));
    // One line of the log says where it lies, and so do the events.
    const auto line = at.server.program().wait_for("worker 1 crashed: ");
    CHECK(plain(line.at("report")) == path);
    CHECK(line.at("cause") == "crash");
    bool told = false;
    const auto events = at.ops.ask("events", {{"last", 1000}});
    for (const std::string& each : at.ops.heard)
        told = told || each.contains(path);
    CHECK(events.code == exit_code::done);
}

TEST_CASE("reports lie where the file says, so many of them; or nowhere")
{
    const temporary_folder reports;
    mortal at{
        fmt::format("[app.api.crash]\nfolder = \"{}\"\nreports = 2\n", reports.path().string())};
    for (int i = 0; i < 3; ++i)
        at.kill_by("/die/quit");
    CHECK(at.text("file").starts_with(reports.path().string()));
    std::size_t files = 0;
    for (const auto& each : std::filesystem::directory_iterator{reports.path()})
        files += each.is_regular_file() ? 1 : 0;
    CHECK(files == 4);
    mortal silent{"[app.api.crash]\nfolder = \"off\"\n"};
    silent.kill_by("/die/quit");
    CHECK(silent.text("cause") == "exit");
    CHECK(silent.text("file").empty());
}

TEST_CASE("who killed a worker from outside is named, where a signal says it")
{
    mortal at;
    ::kill(at.worker(), SIGSEGV);
    at.last_end();
    CAPTURE(json::serialize(at.end));
    CHECK(at.text("cause") == "outside");
    CHECK(at.text("cause_words") ==
          fmt::format("killed by SIGSEGV from process {} ({})", ::getpid(), own_name()));
    CHECK(at.end.at("killed_by").at("pid") == ::getpid());

    // A worker obeys TERM; that is no death to look into, but somebody may wonder who wanted it.
    const pid_t second = at.worker();
    ::kill(second, SIGTERM);
    CHECK(eventually([&] {
        const auto said = at.ops.ask("why", {}, 0);
        const auto& last = said.data.at("slots").at(0).at("ends").as_array().front();
        return last.at("pid") == second && last.at("cause") == "left" &&
               plain(last.at("cause_words")) ==
                   fmt::format("left in peace, asked by SIGTERM from process {} ({})", ::getpid(),
                               own_name());
    }));
}

TEST_CASE("who was killed by an operator is said to be")
{
    mortal at;
    const pid_t pid = at.worker();
    CHECK(at.ops.ask("signal", {{"number", SIGKILL}}, 0).code == exit_code::done);
    at.last_end();
    CHECK(at.end.at("pid") == pid);
    CHECK(at.text("cause") == "operator");
    CHECK(at.text("cause_words").contains("SIGKILL"));
}

TEST_CASE("a hang is told as one, with what hung")
{
    mortal at{"[app.api.health]\nheartbeat = \"500ms\"\n"};
    at.kill_by("/die/hang");
    CAPTURE(json::serialize(at.end));
    CHECK(at.text("cause") == "hang");
    CHECK(at.text("cause_words").starts_with("its event loop was silent for longer than 500ms"));
    CHECK(eventually([&] {
        const auto said = at.ops.ask("why", {}, 0);
        const auto& last = said.data.at("slots").at(0).at("ends").as_array().front().as_object();
        return last.contains("report") &&
               last.at("report").as_string().find("compute_for_ever()") != std::string::npos;
    }));
    CHECK(at.text("story").contains("POST /die/hang on connection"));
}

TEST_CASE("without keepers the ways to die are told from each other as well")
{
    const std::vector<way> ways{
        {"/die/segv", "crash", "crashed: SIGSEGV: no memory at 0x1230", "write_nowhere()"},
        {"/die/abort", "abort", "aborted: SIGABRT", "break_a_promise()"},
        {"/die/thread", "exception", "std::runtime_error: no such table", "throw_on_a_thread"},
        {"/die/quit", "exit", "ended itself with exit code 1", ""},
        {"/die/kill", "outside", "killed by SIGKILL from outside", ""},
    };
    mortal at{"keepers = false\nrestart.give_up = \"never\"\nrestart.backoff = \"1ms..2ms\"\n"};
    for (const way& each : ways) {
        CAPTURE(each.path);
        CHECK(at.worker() != 0);
        at.kill_by(each.path);
        CAPTURE(json::serialize(at.end));
        CHECK(at.text("cause") == each.cause);
        CHECK(at.text("cause_words").contains(each.words));
        CHECK(at.text("story").contains(each.stack));
        CHECK(at.text("story").contains(fmt::format("POST {} on connection", each.path)));
    }
}

TEST_CASE("what a worker did last is known though its successor serves already, and is busy")
{
    mortal at;
    client waiting{at.server.port()};
    waiting.send("GET /wait/ever HTTP/1.1\r\nHost: test\r\n\r\n");
    client busy{at.server.port()};
    for (int i = 0; i < 5; ++i)
        who_is(busy);
    const pid_t pid = who_is(busy).pid;
    ::kill(pid, SIGKILL);
    for (int i = 0; i < 500; ++i)
        who_is(busy);
    at.last_end();
    CAPTURE(json::serialize(at.end));
    CHECK(at.end.at("pid") == pid);
    const auto& flying = at.end.at("in_flight").as_array();
    REQUIRE(flying.size() == 1);
    CHECK(flying.at(0).at("text") == "GET /wait/ever");
    std::size_t answers = 0;
    for (const auto& each : at.end.at("events").as_array())
        answers += each.at("event") == "answered" && each.at("text") == "/who";
    CHECK(answers == 6);
}

TEST_CASE("who does not leave in time is said not to have, and where its connections went")
{
    mortal at{"stop.timeout = \"1s\"\n", 2};
    // One that slot 1 serves, and that waits for nothing.
    std::optional<client> idle;
    do {
        idle.emplace(at.server.port());
    } while (who_is(*idle).slot != 1);
    idle->send("POST /die/late HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    CHECK(idle->receive_until("not yet").contains("not yet"));
    CHECK(at.ops.ask("scale", {{"to", "1"}}).code == exit_code::done);
    at.last_end(1);
    CAPTURE(json::serialize(at.end));
    CHECK(at.text("cause") == "stop_timeout");
    CHECK(at.text("cause_words").starts_with("it did not leave in time; SIG"));
    CHECK(at.connections("handed", 0) > 0);

    const auto now = who_is(*idle);
    CHECK(now.slot == 0);
    ::kill(now.pid, SIGKILL);
    at.last_end(0);
    CAPTURE(json::serialize(at.end));
    CHECK(at.connections("taken", 1) > 0);
}

TEST_CASE("a worker that outlives its keeper ends unseen, and that is said")
{
    mortal at;
    const auto keepers = titled_below(at.server.program().pid(), "cohort: keeper");
    REQUIRE(keepers.size() == 1);
    ::kill(keepers.front(), SIGKILL);
    at.last_end();
    CHECK(at.text("cause") == "unknown");
    CHECK(at.text("story").contains("leaves"));
}

TEST_CASE("what a handler throws is logged with where it was thrown, and nobody dies of it")
{
    mortal at;
    const pid_t pid = at.worker();
    client asking{at.server.port()};
    asking.send("POST /die/throw HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    CHECK(asking.receive_until("\r\n").contains(" 500 "));
    const auto line =
        at.server.program().wait_for([](const json::object& each) { return each.contains("err"); });
    json::object err = line.at("err").as_object();
    CHECK(err["type"] == "std::out_of_range");
    CHECK(err["message"] == "no such row");
    REQUIRE(err.contains("stack"));
    // The innermost call is the handler's: nothing of the throw itself.
    const std::string stack = plain(err["stack"]);
    CHECK(stack.substr(0, stack.find('\n')).contains("process_program_mortal(+0x"));
    CHECK(at.worker() == pid);
}
