#include <cohort/primary/archive.hpp>

#include <cohort/async/scope.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;
using control::answer;
using control::exit_code;

namespace {

/// A primary that knows of the end of worker 5 in slot 1, and where its report lies. A resource.
struct office {
    office()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        file = folder / "crash.txt";
        worker_info who;
        who.id = 5;
        who.slot = 1;
        past.ended(who, {process::exit_reason::exited(1), {}}, 0ns);
        past.explain(5, {{"file", file.string()}}, "story");
    }
    office(const office&) = delete;
    office& operator=(const office&) = delete;
    ~office() { std::filesystem::remove_all(folder); }

    void write(const std::string& text) const { std::ofstream{file} << text; }

    answer ask(std::uint32_t slot, boost::json::object arguments, milliseconds budget = 60s)
    {
        control::request what{"report"};
        what.slot = slot;
        what.arguments = std::move(arguments);
        what.budget = budget;
        std::optional<answer> said;
        scope tasks{loop.get_executor()};
        tasks.spawn(keep(std::move(what), said));
        loop.restart();
        while (tasks.size() != 0) {
            loop.run_one();
            ++turns;
        }
        REQUIRE(said);
        return *std::move(said);
    }

    std::string told()
    {
        const answer said = ask(1, {{"worker", 5}});
        REQUIRE_MESSAGE(said.code == exit_code::done, said.reason);
        return std::string{said.data.at("text").as_string()};
    }

    awaitable<> keep(control::request what, std::optional<answer>& into)
    {
        auto work = desk.handle(std::move(what), nobody);
        into = co_await std::move(work);
    }

    boost::asio::io_context loop{1};
    chronicle past{loop.get_executor()};
    archive desk{loop.get_executor(), past};
    control::asker nobody{loop.get_executor(), -1, {}};
    std::filesystem::path folder;
    std::filesystem::path file;
    unsigned turns = 0;
};

}  // namespace

TEST_CASE("a report is told as its file has it, however long")
{
    office at;
    CHECK(at.desk.answers("report"));
    CHECK_FALSE(at.desk.answers("why"));
    at.write("stack of thread 1\n");
    CHECK(at.told() == "stack of thread 1\n");
    at.write("");
    CHECK(at.told().empty());
    std::string much;
    while (much.size() < 3 * messenger_answer_max)
        much += "frame äöü\n";
    at.write(much);
    CHECK(at.told() == much);
}

TEST_CASE("what is no report is not told")
{
    office at;
    const auto code = [&](std::uint32_t slot, boost::json::object arguments) {
        return at.ask(slot, std::move(arguments)).code;
    };
    CHECK(code(1, {{"worker", 5}}) == exit_code::no_such_cohort);
    std::ofstream{at.folder / "other"} << "secret";
    std::filesystem::create_symlink(at.folder / "other", at.file);
    CHECK(code(1, {{"worker", 5}}) == exit_code::no_such_cohort);
    CHECK(code(1, {{"worker", 6}}) == exit_code::no_such_cohort);
    CHECK(code(2, {{"worker", 5}}) == exit_code::no_such_cohort);
    CHECK(code(1, {{"worker", "5"}}) == exit_code::usage);
    CHECK(code(1, {}) == exit_code::usage);
}

TEST_CASE("a file that cannot be opened for as long as it likes is given up, and stops nobody")
{
    office at;
    at.write("stack of thread 1\n");
    // Whoever opens the file waits until this one says that it may.
    unique_fd gate{::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY)};
    if (!gate.valid() || ::fanotify_mark(gate.borrow(), FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD,
                                         at.file.c_str()) == -1)
    {
        MESSAGE("not shown here: only root can have a file's open(2) wait");
        return;
    }
    const auto said = at.ask(1, {{"worker", 5}}, 200ms);
    CHECK_MESSAGE(said.code == exit_code::timed_out, said.reason);
    CHECK(at.turns > 0);
    gate.reset();
    // The one that was killed may still be about to die.
    exit_code then = exit_code::timed_out;
    while (then == exit_code::timed_out)
        then = at.ask(1, {{"worker", 5}}).code;
    CHECK(then == exit_code::done);
}
