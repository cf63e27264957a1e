#include <cohort/process/spawn.hpp>

#include <cohort/process/detail/kit_test.hpp>

#include <algorithm>
#include <fcntl.h>

#include <csignal>
#include <string_view>

using namespace cohort;
using namespace cohort::process;

namespace {

program shell(std::string script)
{
    program what;
    what.exec = "/bin/sh";
    what.args = {"-c", std::move(script)};
    what.env = environment_with({});
    what.in = stdio::null();
    return what;
}

struct spoken {
    std::string out;
    exit_reason reason;
};

/// Runs it to its end and returns what it wrote.
spoken output_of(program what)
{
    what.out = stdio::pipe();
    auto born = process::spawn(kit::permit(), what);
    REQUIRE_MESSAGE(born.has_value(), (born ? "" : born.error().text()));
    std::string out = kit::read_all(born->pipes.out);
    return {std::move(out), born->wait()};
}

std::string refusal_of(const program& what)
{
    const auto born = process::spawn(kit::permit(), what);
    REQUIRE_FALSE(born);
    return born.error().text();
}

std::size_t own_descriptors()
{
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{"/proc/self/fd"},
                      std::filesystem::directory_iterator{}));
}

}  // namespace

TEST_CASE("a program's exit code, and the signal that ended it, come back")
{
    CHECK(output_of(shell("exit 42")).reason == exit_reason::exited(42));
    CHECK(output_of(shell("kill -TERM $$")).reason == exit_reason::signalled(SIGTERM));
    CHECK(output_of(shell("kill -KILL $$")).reason == exit_reason::signalled(SIGKILL));
}

TEST_CASE("a program that is missing is an error with its name, and leaves nothing behind")
{
    const std::size_t before = own_descriptors();
    program what = shell("");
    what.exec = "./no-such-server";
    CHECK(refusal_of(what) == "exec ./no-such-server: No such file or directory");
    what.exec = "no-such-server-in-path";
    CHECK(refusal_of(what) == "exec no-such-server-in-path: No such file or directory");
    what.exec = "/etc/passwd";
    CHECK(refusal_of(what) == "exec /etc/passwd: Permission denied");
    what.exec = "/bin/sh";
    what.cwd = "/no/such/folder";
    CHECK(refusal_of(what) == "change directory /no/such/folder: No such file or directory");
    what.cwd = "";
    what.out = stdio::file("/no/such/folder/log.txt");
    CHECK(refusal_of(what) == "open /no/such/folder/log.txt: No such file or directory");
    CHECK(own_descriptors() == before);
}

TEST_CASE("a name without a slash is looked up in the program's own PATH")
{
    program what = shell("echo found");
    what.exec = "sh";
    CHECK(output_of(what).out == "found\n");
    what.env = {"PATH=/no/such/folder:/bin"};
    CHECK(output_of(what).out == "found\n");
    what.env = {"PATH=/no/such/folder"};
    CHECK(refusal_of(what) == "exec sh: No such file or directory");
}

TEST_CASE("arguments, argv[0] and the environment arrive as they were given")
{
    program what = shell("printf '%s|' \"$0\" \"$@\" \"$COLOUR\"");
    what.args.insert(what.args.end(), {"zero", "one two", "", "$HOME"});
    what.env = {"COLOUR=deep blue", "PATH=/bin"};
    CHECK(output_of(what).out == "zero|one two||$HOME|deep blue|");

    program named = shell("cat /proc/$$/cmdline");
    named.argv0 = "cohort: program";
    CHECK(output_of(named).out.starts_with("cohort: program"));

    program bare = shell("/usr/bin/env");
    bare.env = {"ONLY=this"};
    const std::string out = output_of(bare).out;
    CHECK(out.find("ONLY=this\n") != std::string::npos);
    CHECK(out.find("HOME=") == std::string::npos);
}

TEST_CASE("changes to the environment replace by name and add")
{
    ::setenv("COHORT_TEST_COLOUR", "red", 1);
    const auto all = environment_with({"COHORT_TEST_COLOUR=green", "COHORT_TEST_NEW=1"});
    ::unsetenv("COHORT_TEST_COLOUR");
    CHECK(std::ranges::count(all, "COHORT_TEST_COLOUR=green") == 1);
    CHECK(std::ranges::count(all, "COHORT_TEST_COLOUR=red") == 0);
    CHECK(std::ranges::count(all, "COHORT_TEST_NEW=1") == 1);
}

TEST_CASE("pipes carry all three streams, and our ends do not block")
{
    program what = shell("read line; echo out $line; echo err $line >&2");
    what.in = stdio::pipe();
    what.out = stdio::pipe();
    what.err = stdio::pipe();
    auto born = process::spawn(kit::permit(), what);
    REQUIRE(born);
    char byte = 0;
    CHECK(::read(born->pipes.out.borrow(), &byte, 1) == -1);
    CHECK(errno == EAGAIN);
    REQUIRE(::write(born->pipes.in.borrow(), "hello\n", 6) == 6);
    CHECK(kit::read_all(born->pipes.out) == "out hello\n");
    CHECK(kit::read_all(born->pipes.err) == "err hello\n");
    CHECK(born->wait().success());
}

TEST_CASE("files and nothing are streams, too, and output is appended")
{
    const kit::temporary_folder folder;
    const std::string log = folder.path() + "/log.txt";
    for (const char* word : {"first", "second"}) {
        program what = shell(std::string{"cat; echo "} + word);
        what.in = stdio::null();
        what.out = stdio::file(log);
        what.err = stdio::null();
        auto born = process::spawn(kit::permit(), what);
        REQUIRE(born);
        CHECK(born->wait().success());
    }
    CHECK(kit::file_text(log) == "first\nsecond\n");

    program reader = shell("cat");
    reader.in = stdio::file(log);
    CHECK(output_of(reader).out == "first\nsecond\n");
}

TEST_CASE("a program starts where it is told to")
{
    const kit::temporary_folder folder;
    program what = shell("pwd");
    what.cwd = folder.path();
    CHECK(output_of(what).out == folder.path() + "\n");
}

TEST_CASE("a program becomes another user, without groups, and cannot go back")
{
    program what = shell("id -u; id -g; id -G");
    what.user = credentials{65534, 65534};
    if (::geteuid() == 0)
        CHECK(output_of(what).out == "65534\n65534\n65534\n");
    else
        CHECK(refusal_of(what) == "set group 65534: Operation not permitted");
}

TEST_CASE("a program finds its descriptors under the numbers of our choice, and no others")
{
    const kit::ends a = kit::make_pipe();
    const kit::ends b = kit::make_pipe();
    const unique_fd stray{::open("/dev/null", O_RDONLY)};  // not even close-on-exec
    program what = shell("ls /proc/$$/fd; echo to-a >&7; echo to-b >&5");
    // Crossed on purpose: each number is the other one's source.
    what.keep = {{a.write.borrow(), 7}, {b.write.borrow(), 5}};
    const auto [out, reason] = output_of(what);
    CHECK(reason.success());
    CHECK(out == "0\n1\n2\n5\n7\n");
    CHECK(kit::read_line(a.read) == "to-a\n");
    CHECK(kit::read_line(b.read) == "to-b\n");
}

TEST_CASE("descriptors can trade their numbers")
{
    const kit::ends a = kit::make_pipe();
    const kit::ends b = kit::make_pipe();
    const int first = a.write.borrow();
    const int second = b.write.borrow();
    program what =
        shell("echo one >&" + std::to_string(first) + "; echo two >&" + std::to_string(second));
    what.exec = "/bin/bash";  // dash knows only one digit
    what.keep = {{first, second}, {second, first}};
    CHECK(output_of(what).reason.success());
    CHECK(kit::read_line(a.read) == "two\n");
    CHECK(kit::read_line(b.read) == "one\n");
}

TEST_CASE("a plan that cannot work is refused before anything is born")
{
    program what = shell("");
    what.keep = {{0, 3}, {0, 3}};
    CHECK(process::spawn(kit::permit(), what).error().why() == errc::bad_value);
    what.keep = {{0, 2}};
    CHECK(process::spawn(kit::permit(), what).error().why() == errc::bad_value);
    what.keep = {{-1, 3}};
    CHECK_FALSE(process::spawn(kit::permit(), what));
    what.keep = {};
    what.args.push_back(std::string{"a\0b", 3});
    CHECK(process::spawn(kit::permit(), what).error().why() == errc::bad_value);
    what.exec = "";
    CHECK_FALSE(process::spawn(kit::permit(), what));
}

TEST_CASE("a program starts with default signals and an empty mask, whatever ours are")
{
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGUSR2);
    sigset_t mask;
    ::sigprocmask(SIG_BLOCK, &mine, &mask);
    const std::string out = output_of(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status")).out;
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::signal(SIGPIPE, before);
    CHECK(out == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a program that was opened runs, whatever its name leads to by now")
{
    const unique_fd binary{::open("/bin/sh", O_PATH | O_CLOEXEC)};
    REQUIRE(binary.valid());
    program what = shell("echo $0 by descriptor");
    what.exec = "/no/such/shell";
    what.binary = binary.borrow();
    CHECK(output_of(what).out == "/no/such/shell by descriptor\n");
}

TEST_CASE("a program finds its own pid in the variables that were named for it")
{
    program what = shell("echo $$ $LISTEN_PID $WATCHDOG_PID");
    what.pid_variables = {"LISTEN_PID", "WATCHDOG_PID"};
    const std::string out = output_of(std::move(what)).out;
    const std::string pid = out.substr(0, out.find(' '));
    CHECK(out == pid + " " + pid + " " + pid + "\n");
}

TEST_CASE("a program has no more descriptors than it was granted, or than we can grant")
{
    program few = shell("ulimit -n; ulimit -Hn");
    few.files_max = 64;
    CHECK(output_of(std::move(few)).out == "64\n64\n");
    program many = shell("ulimit -n");
    many.files_max = std::uint64_t{1} << 40;
    CHECK(output_of(shell("ulimit -Hn")).out == output_of(std::move(many)).out);
}
