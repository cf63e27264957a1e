// Programs that are read by their names, from files that change: what a reload and a rollback say
// of them is so; and their settings change, too.

#include "family.hpp"
#include "operator_of.hpp"
#include "outfit.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

control::answer ask(running_program& of, const std::string& verb)
{
    return operator_of{of, "it"}.ask(verb);
}

std::string argument(std::string_view text) { return fmt::format("\"{}\"", text); }

}  // namespace

TEST_CASE(
    "a script that is another file by now cannot be rolled back to, and a plan says so before")
{
    outfit of;
    of.write("job.sh", "exec sleep 1000\n");
    of.start("/bin/sh", argument(of.path("job.sh")));
    of.until_ready();
    const auto planned = ask(of.program(), "plan");
    CHECK_MESSAGE(planned.reason.ends_with("no rollback brings back " + of.path("job.sh")),
                  planned.reason);
    of.write("job.sh", "exec sleep 2000\n");
    CHECK(ask(of.program(), "reload").code == exit_code::done);
    const auto back = ask(of.program(), "rollback");
    CHECK(back.code == exit_code::refused);
    CHECK_MESSAGE(back.reason.starts_with("generation 1 ran " + of.path("job.sh")), back.reason);
    CHECK(ask(of.program(), "ls").data.at("generation") == 2);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a script that is what it was is rolled back to")
{
    outfit of;
    of.write("job.sh", "exec sleep 1000\n");
    of.start("/bin/sh", argument(of.path("job.sh")));
    of.until_ready();
    CHECK(ask(of.program(), "reload").code == exit_code::done);
    const auto back = ask(of.program(), "rollback");
    CHECK_MESSAGE(back.code == exit_code::done, back.reason);
    CHECK(ask(of.program(), "ls").data.at("generation") == 1);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE(
    "an address that the settings name no more is closed by the reload, and nobody waits there")
{
    outfit of;
    of.start("/bin/sleep", argument("1000"));
    of.until_ready();
    CHECK_NOTHROW(client{of.port()});
    const std::uint16_t other = free_port();
    of.write("cohort.toml",
             fmt::format("[app.it]\nexec = \"/bin/sleep\"\nargs = [\"1000\"]\nworkers = 2\n"
                         "listen = [\"127.0.0.1:{}\"]\nreload = {{soak = \"100ms\"}}\n",
                         other));
    const auto said = ask(of.program(), "reload");
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK_NOTHROW(client{other});
    CHECK_THROWS_AS(client{of.port()}, failure);
    const auto listen = ask(of.program(), "ls").data.at("listen").as_array();
    CHECK(listen.size() == 1);

    // Back to the first generation, which opens its own again.
    CHECK(ask(of.program(), "rollback").code == exit_code::done);
    CHECK_NOTHROW(client{of.port()});
    CHECK_THROWS_AS(client{other}, failure);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("what a descriptor said at the start is known at every reload, and no other is touched")
{
    temporary_folder folder;
    const auto file = (folder.path() / "cohort.toml").string();
    const auto configure = [&](std::string_view more) {
        std::ofstream{file} << fmt::format(
            "[app.it]\nexec = \"/bin/sh\"\nargs = [\"-c\", \"[ \\\"$TOKEN\\\" = hush ] || exit 9; "
            "exec sleep 1000\"]\nworkers = 2\nspeaks = \"sockets\"\n"
            "reload = {{soak = \"100ms\"}}\nenv.TOKEN = {{fd = 9}}\n{}",
            more);
    };
    configure("");
    launch how;
    how.exec = "/bin/sh";
    how.args = {"-c",
                "exec 9<<X\nhush\nX\nexec \"$0\" \"$@\"",
                PROCESS_PROGRAMS "api",
                "--config",
                file,
                "--name",
                "it"};
    running_program program{how};
    program.wait_for_all("is ready", 2);
    CHECK(ask(program, "reload").code == exit_code::done);
    const auto again = ask(program, "reload");
    CHECK_MESSAGE(again.code == exit_code::done, again.reason);

    const std::size_t before = descriptors_of(primary_below(program.pid()));
    configure("env.OTHER = {fd = 7}\n");
    const auto refused = ask(program, "reload");
    CHECK(refused.code == exit_code::invalid);
    CHECK_MESSAGE(refused.reason.contains("descriptor 7"), refused.reason);
    CHECK(eventually([&] { return descriptors_of(primary_below(program.pid())) <= before; }));
    CHECK(program.stop().code() == 0);
}

TEST_CASE("a slot whose program ended on purpose stays empty when the primary dies")
{
    outfit of;
    of.write("job.sh", "[ $COHORT_SLOT = 1 ] && exit 3\nexec sleep 1000\n");
    of.start("/bin/sh", argument(of.path("job.sh")), "restart.stop_codes = [3]");
    of.program().wait_for("stays empty");
    ::kill(primary_below(of.program().pid()), SIGKILL);
    of.program().wait_for("this primary goes on where one that died stopped");
    // What the dead one left is put right first: until then it is busy.
    CHECK(
        eventually([&] { return ask(of.program(), "rollback").reason.contains("no generation"); }));
    CHECK(ask(of.program(), "ls").data.at("slots").as_array().size() == 1);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a worker is ready by its own answer, not by that of another one on the same socket")
{
    constexpr std::string_view server = R"(import socket
door = socket.socket(fileno=3)
door.setblocking(True)
while True:
    peer, _ = door.accept()
    with peer:
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
)";
    outfit of;
    of.write("server.py", server);
    of.start("/usr/bin/python3", argument(of.path("server.py")),
             "ready.on = \"http:/\"\nready.timeout = \"5s\"");
    of.until_ready();
    CHECK(ask(of.program(), "reload").code == exit_code::done);

    of.write("server.py", "import time\ntime.sleep(1000)\n");
    const auto said = ask(of.program(), "reload");
    CHECK(said.code == exit_code::rolled_back);
    CHECK_MESSAGE(said.reason.contains("ready"), said.reason);
    client still{of.port()};
    CHECK(still.get("/").starts_with("HTTP/1.1 200"));
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a slot that was given up is tried again when its script is mended, without a reload")
{
    outfit of;
    of.write("job.sh", "[ $COHORT_SLOT = 1 ] && exit 3\nexec sleep 1000\n");
    of.start("/bin/sh", argument(of.path("job.sh")),
             "restart = {backoff = \"10ms..20ms\", give_up = \"3 in 30s\"}");
    CHECK(!of.program().wait_for("slot 1 is given up").empty());
    CHECK(ask(of.program(), "ls").data.at("parked") == 1);
    of.write("job.sh", "exec sleep 1000\n");
    CHECK(!of.program().wait_for("slot 1 is tried again").empty());
    CHECK(eventually([&] { return ask(of.program(), "ls").data.at("serving") == 2; }));
    CHECK(ask(of.program(), "ls").data.at("generation") == 1);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a script that is mended while its last worker tries counts as mended")
{
    outfit of;
    of.write("job.sh", fmt::format("[ $COHORT_SLOT = 1 ] || exec sleep 1000\n"
                                   "echo tried >> {0}\n"
                                   "[ $(wc -l < {0}) = 3 ] || exit 3\n"
                                   ": > {1}\n"
                                   "until [ -e {2} ]; do sleep 0.02; done\n"
                                   "exit 3\n",
                                   of.path("tries"), of.path("third"), of.path("go")));
    of.start("/bin/sh", argument(of.path("job.sh")),
             "restart = {backoff = \"10ms..20ms\", give_up = \"3 in 30s\"}");
    CHECK(eventually([&] { return std::filesystem::exists(of.path("third")); }));
    of.write("job.sh", "exec sleep 1000\n");
    of.write("go", "");
    CHECK(!of.program().wait_for("slot 1 is given up").empty());
    CHECK(!of.program().wait_for("slot 1 is tried again").empty());
    CHECK(eventually([&] { return ask(of.program(), "ls").data.at("serving") == 2; }));
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("of a program file that is held, another one under its name takes a reload, and the log "
          "says so")
{
    outfit of;
    std::filesystem::copy_file("/bin/sh", of.path("shell"));
    // Its name does not say that it is a script.
    of.write("job", "[ $COHORT_SLOT = 1 ] && exit 3\nexec sleep 1000\n");
    of.start(of.path("shell"), argument(of.path("job")),
             "restart = {backoff = \"10ms..20ms\", give_up = \"3 in 30s\"}");
    CHECK(!of.program().wait_for("slot 1 is given up").empty());
    std::filesystem::copy_file("/bin/sh", of.path("fresh-shell"));
    std::filesystem::rename(of.path("fresh-shell"), of.path("shell"));
    of.write("job", "exec sleep 1000\n");
    const auto hint = of.program().wait_for("is another file by now: `cohort reload` starts that");
    CHECK(!hint.empty());
    CHECK(ask(of.program(), "ls").data.at("parked") == 1);
    CHECK(ask(of.program(), "reload").code == exit_code::done);
    CHECK(ask(of.program(), "ls").data.at("serving") == 2);
    CHECK(of.program().stop().code() == 0);
}
