#include <cohort/process/identity.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// This program, started again with COHORT_TEST_TITLE set: takes that title, shows that arguments
/// and environment are still there, and waits. glibc hands the arguments to constructors, too.
[[gnu::constructor]] void play_titled(int argc, char** argv, char**)
{
    const char* wanted = std::getenv("COHORT_TEST_TITLE");
    if (!wanted)
        return;
    init_title(argc, argv);
    set_title(std::getenv("COHORT_TEST_TITLE"));
    const char* canary = std::getenv("CANARY");
    std::printf("%s|%s|%s\n", argc > 1 ? argv[1] : "", canary ? canary : "",
                ::program_invocation_short_name);
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    ::_exit(0);
}

/// The same program, wearing `title`.
child titled(const std::string& title)
{
    program what;
    const auto path = own_program();
    REQUIRE(path);
    what.exec = *path;
    what.args = {"first-argument", "--second"};
    what.env = environment_with({"COHORT_TEST_TITLE=" + title, "CANARY=alive"});
    what.in = stdio::pipe();
    what.out = stdio::pipe();
    auto born = process::spawn(kit::permit(), what);
    REQUIRE_MESSAGE(born.has_value(), (born ? "" : born.error().text()));
    const std::string name = path->substr(path->rfind('/') + 1);
    CHECK(kit::read_line(born->pipes.out) == "first-argument|alive|" + name + "\n");
    return std::move(*born);
}

std::string proc(const child& of, const char* file)
{
    return kit::file_text("/proc/" + std::to_string(of.pid()) + "/" + file);
}

}  // namespace

TEST_CASE("a title is what the kernel shows as the command line, and nothing of the old is left")
{
    const child born = titled("cohort: primary (02_fibonacci)");
    const std::string line = proc(born, "cmdline");
    CHECK(line.c_str() == std::string{"cohort: primary (02_fibonacci)"});
    CHECK(line.find_first_not_of('\0', std::strlen(line.c_str())) == std::string::npos);
    CHECK(proc(born, "comm") == "primary (02_fib\n");
}

TEST_CASE("ps shows the title and nothing else")
{
    const child born = titled("cohort: worker 0 (02_fibonacci)");
    program ps;
    ps.exec = "ps";
    ps.args = {"-o", "args=", "-p", std::to_string(born.pid())};
    ps.env = environment_with({});
    ps.out = stdio::pipe();
    auto shown = process::spawn(kit::permit(), ps);
    if (!shown)
        return;  // a machine without ps
    CHECK(kit::read_all(shown->pipes.out) == "cohort: worker 0 (02_fibonacci)\n");
    CHECK(shown->wait().success());
}

TEST_CASE("a title that is longer than the arguments were spreads over the environment")
{
    const std::string path = own_program().value();
    const std::string title = "cohort: " + std::string(path.size() + 100, 'x');
    const child born = titled(title);
    CHECK(proc(born, "cmdline").c_str() == title);
}

TEST_CASE("a copy wears a title of its own")
{
    // Without init_title in this program only the short name can change.
    auto pipe = kit::make_pipe();
    birth how;
    how.title = "cohort: worker 3 (app)";
    how.keep = {pipe.write.borrow()};
    auto born = process::clone(kit::permit(), how, [&]() noexcept {
        if (::write(pipe.write.borrow(), "\n", 1) == 1)
            ::pause();
    });
    REQUIRE(born);
    pipe.write.reset();
    CHECK(kit::read_line(pipe.read) == "\n");
    CHECK(proc(*born, "comm") == "worker 3 (app)\n");
}

TEST_CASE("users and groups are found by name and by number")
{
    CHECK(find_user("root") == credentials{0, 0});
    CHECK(find_user("0") == credentials{0, 0});
    CHECK(find_user("nobody")->uid == 65534);
    CHECK(find_user("4242") == credentials{4242, 4242});
    CHECK(find_user("no-such-user-here").error().text() ==
          "find user no-such-user-here: not an allowed value");
    CHECK(find_group("root") == gid_t{0});
    CHECK(find_group("77") == gid_t{77});
    CHECK_FALSE(find_group("no-such-group-here"));
}

TEST_CASE("a process that lives by die_with_parent gets its grace, and not more")
{
    auto pipe = kit::make_pipe();
    birth how;
    how.keep = {pipe.write.borrow()};
    auto parent = process::clone(kit::permit(), how, [&]() noexcept {
        const pid_t me = ::getpid();
        auto asked = fork_permit::ask();
        birth inner;
        inner.keep = {pipe.write.borrow()};
        auto born = process::clone(std::move(*asked), inner, [&]() noexcept {
            const bool fine = die_with_parent(me, 50ms).has_value();
            if (!fine || ::write(pipe.write.borrow(), "\n", 1) != 1)
                ::_exit(1);
            for (;;)
                ::pause();
        });
        ::pause();
    });
    REQUIRE(parent);
    pipe.write.reset();
    CHECK(kit::read_line(pipe.read) == "\n");
    REQUIRE(parent->signal(SIGKILL));
    // Only the grandchild still holds the pipe: its end is its death.
    const auto start = now();
    CHECK(kit::read_all(pipe.read).empty());
    CHECK(now() - start < 10s);
}
