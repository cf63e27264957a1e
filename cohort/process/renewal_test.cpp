#include <cohort/process/renewal.hpp>

#include <cohort/process/child.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <string>

using namespace cohort;
using namespace cohort::process;

namespace {

/// What a process ends with that does this.
exit_reason end_of(const std::function<void()>& deed)
{
    birth how;
    how.title = "cohort: renewed under test";
    auto born = process::clone(fork_permit::ask().value(), how, [&]() noexcept {
        deed();
        ::_exit(99);
    });
    REQUIRE(born);
    return born->wait();
}

int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

/// A shell that ends with 0 if all of `script` is true.
renewal shell(std::string script)
{
    renewal what;
    what.path = std::string{"/bin/sh"};
    what.args = {"sh", "-e", "-c", std::move(script)};
    what.folder = std::string{"/"};
    return what;
}

}  // namespace

TEST_CASE("another program in the same process has what it was left, and nothing else")
{
    const auto end = end_of([] {
        const int board = open_something();
        const int held = open_something();
        const int passed = open_something();
        const int other = open_something();
        renewal what = shell(fmt::format("test -e /proc/self/fd/{}; test -e /proc/self/fd/{}; "
                                         "test -e /proc/self/fd/{}; test ! -e /proc/self/fd/{}; "
                                         "test $$ = {}; test $PWD = /; test $MORE = yes; "
                                         "case \"$COHORT_RENEWAL\" in \"$$ board:{},\"*) ;; "
                                         "*) exit 1;; esac",
                                         board, held, passed, other, ::getpid(), board));
        what.more = {"MORE=yes"};
        what.named = {{.name = "board", .number = board}};
        what.held = {held};
        what.passed = {passed};
        static_cast<void>(renew(what));
    });
    CHECK(end == exit_reason::exited(0));
}

TEST_CASE("a file is executed by its descriptor, whatever has its path by now")
{
    const auto end = end_of([] {
        renewal what = shell("exit 7");
        const int binary = ::open("/bin/sh", O_PATH | O_CLOEXEC);
        what.binary = binary;
        what.path = "/nowhere/at/all";
        static_cast<void>(renew(what));
    });
    CHECK(end == exit_reason::exited(7));
}

TEST_CASE("if it cannot be executed, this one goes on, and gives away nothing that it kept")
{
    const auto end = end_of([] {
        const int held = open_something();
        renewal what = shell("exit 7");
        what.path = "/nowhere/at/all";
        what.held = {held};
        const fault why = renew(what);
        const bool closes = ::fcntl(held, F_GETFD) == FD_CLOEXEC;
        ::_exit(why.why().value() == ENOENT && closes ? 0 : 1);
    });
    CHECK(end == exit_reason::exited(0));
}

TEST_CASE("a process that began like any other was left nothing")
{
    const auto& left = found_legacy();
    REQUIRE(left);
    CHECK_FALSE(left->has_value());
}
