#include <cohort/process/sandbox.hpp>

#include <cohort/process/detail/sandbox_kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <thread>

using namespace cohort;
using namespace cohort::process;
using namespace cohort::process::kit;

namespace {

constexpr auto both = std::to_array({sandbox_profile::server, sandbox_profile::strict});

int use_what_servers_use() noexcept
{
    for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
        if (::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) == -1 && errno != EAFNOSUPPORT)
            return 1;
    }
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1 || ::write(ends[0], "x", 1) != 1)
        return 2;
    int answer = 0;
    std::thread lane{[&answer] { answer = 42; }};
    lane.join();
    if (answer != 42)
        return 3;
    if (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
        MAP_FAILED)
        return 4;
    if (::open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1)
        return 5;
    if (::open("/dev/null", O_RDWR | O_CLOEXEC) == -1)
        return 6;
    return 0;
}

}  // namespace

TEST_SUITE_BEGIN("sandbox" * doctest::skip(kit::no_twins));

TEST_CASE("nobody in a sandbox changes the machine or looks into other processes")
{
    for (const auto profile : both) {
        CAPTURE(name_of(profile));
        CHECK(inside(prepared({.profile = profile}), try_the_machine) == 0);
    }
}

TEST_CASE("what a server needs works in every sandbox, threads included")
{
    for (const auto profile : both) {
        CAPTURE(name_of(profile));
        CHECK(inside(prepared({.profile = profile}), use_what_servers_use) == 0);
    }
}

TEST_CASE("strict executes nothing and forks nothing, server does")
{
    const auto run_true = []() noexcept -> int {
        const pid_t born = ::fork();
        if (born == -1)
            return errno == EPERM ? 100 : 1;
        if (born == 0) {
            ::execl("/bin/true", "true", nullptr);
            ::_exit(99);
        }
        siginfo_t end{};
        ::waitid(P_PID, static_cast<id_t>(born), &end, WEXITED);
        return end.si_status;
    };
    const auto execute = []() noexcept -> int {
        ::execl("/bin/true", "true", nullptr);
        return errno == EPERM ? 100 : 1;
    };
    CHECK(inside(prepared({.profile = sandbox_profile::server}), run_true) == 0);
    CHECK(inside(prepared({.profile = sandbox_profile::server}), execute) == 0);
    CHECK(inside(prepared({.profile = sandbox_profile::strict}), run_true) == 100);
    CHECK(inside(prepared({.profile = sandbox_profile::strict}), execute) == 100);
}

TEST_CASE("files are written in the folders that were given, and nowhere else")
{
    const kit::temporary_folder own;
    const kit::temporary_folder other;
    const std::string here = own.path() + "/new";
    const std::string there = "/var/cohort-sandbox-test";
    for (const auto profile : both) {
        CAPTURE(name_of(profile));
        const auto act = [&]() noexcept -> int {
            if (writes_to(here) != 0)
                return 1;
            if (::rename(here.c_str(), (own.path() + "/moved").c_str()) == -1)
                return 2;
            if (writes_to(there) != EACCES)
                return 3;
            if (writes_to("/etc/passwd") != EACCES)
                return 4;
            if (errno_of([] { return ::mkdir("/etc/cohort", 0700); }) != EACCES)
                return 5;
            if (errno_of([] { return ::unlink("/etc/hostname"); }) == 0)
                return 6;
            return 0;
        };
        CHECK(inside(prepared({.profile = profile, .write = {own.path()}}), act) == 0);
    }
    // Strict has no /tmp either, and cuts no file that it may only read.
    const std::string precious = other.path() + "/precious";
    {
        std::ofstream{precious} << "words";
    }
    const auto act = [&]() noexcept -> int {
        if (writes_to(other.path() + "/new") != EACCES)
            return 1;
        const int cut = errno_of([&] { return ::open(precious.c_str(), O_RDONLY | O_TRUNC); });
        if (cut == 0 || ::open(precious.c_str(), O_RDONLY) == -1)
            return 2;
        if (errno_of([&] { return ::chmod(precious.c_str(), 0777); }) != EPERM)
            return 3;
        return errno_of([] { return ::open("/root", O_RDONLY); }) == EACCES ? 0 : 4;
    };
    const sandbox_options strict{.profile = sandbox_profile::strict, .read = {other.path()}};
    CHECK(inside(prepared(strict), act) == 0);
    CHECK(kit::file_text(precious) == "words");
}

TEST_CASE("whoever stays root in a sandbox does not write to the kernel's settings and devices")
{
    // Mode 0644 of root and 0600 of root: no capability is asked for there, only files keep it
    // back.
    const auto act = []() noexcept -> int {
        const auto shut =
            std::to_array({"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                           "/proc/1/oom_score_adj", "/dev/kmsg", "/dev/mem", "/dev/no-such-disk"});
        int number = 1;
        for (const char* each : shut) {
            if (writes_to(each) == 0)
                return number;
            ++number;
        }
        return 0;
    };
    for (const auto profile : both) {
        CAPTURE(name_of(profile));
        CHECK(inside(prepared({.profile = profile}), act) == 0);
    }
    // What programs do with both folders works nevertheless.
    const auto ordinary = []() noexcept -> int {
        if (errno_of([] { return ::open("/proc/self/comm", O_WRONLY | O_CLOEXEC); }) != 0)
            return 1;
        if (errno_of([] { return ::open("/proc/self/oom_score_adj", O_WRONLY); }) != 0)
            return 2;
        if (writes_to("/dev/shm/cohort-sandbox-test") != 0 ||
            ::unlink("/dev/shm/cohort-sandbox-test") == -1)
            return 3;
        if (::access("/dev/ptmx", F_OK) == 0 && ::posix_openpt(O_RDWR | O_NOCTTY) == -1)
            return 4;
        return errno_of([] { return ::open("/dev/full", O_WRONLY | O_CLOEXEC); }) == 0 ? 0 : 5;
    };
    CHECK(inside(prepared({.profile = sandbox_profile::server}), ordinary) == 0);
}

TEST_CASE("no capability is left but those that were asked for, whoever it becomes")
{
    if (::geteuid() != 0)
        return;
    const auto privileged_port = []() noexcept -> int {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(1);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* address = reinterpret_cast<const sockaddr*>(&where);
        return errno_of([&] { return ::bind(fd, address, sizeof where); });
    };
    const auto own = [] {
        const auto mine = capability_set::own();
        return mine && mine->empty();
    };
    const credentials nobody{65534, 65534};
    for (const auto& user : {std::optional<credentials>{}, std::optional{nobody}}) {
        CHECK(inside(prepared({.profile = sandbox_profile::strict}), privileged_port, user) ==
              EACCES);
        CHECK(inside(
                  prepared({.profile = sandbox_profile::server}),
                  [&]() noexcept { return own() ? 0 : 1; }, user) == 0);
        const sandbox_options keeps{.profile = sandbox_profile::strict,
                                    .capabilities = {"CAP_NET_BIND_SERVICE"}};
        CHECK(inside(prepared(keeps), privileged_port, user) == 0);
    }
}

TEST_CASE("strict signals nobody outside, where the kernel can keep it back")
{
    const auto box = prepared({.profile = sandbox_profile::strict});
    const pid_t parent = ::getpid();
    const bool kept_back = box->missing().empty();
    const int outcome = inside(box, [parent]() noexcept -> int {
        if (::kill(::getpid(), 0) == -1)
            return 100;
        return errno_of([parent] { return ::kill(parent, 0); });
    });
    CHECK(outcome == (kept_back ? EPERM : 0));
}

TEST_CASE("new privileges can be given up without a profile")
{
    const auto box = prepared({.no_new_privs = true});
    CHECK(box->words() == "no-new-privs");
    const auto act = []() noexcept -> int { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); };
    CHECK(inside(box, act) == 1);
    const auto nothing = prepared({});
    CHECK(nothing->words().empty());
    CHECK(inside(nothing, act) == 0);
}

TEST_CASE("a crash in a sandbox ends by its signal")
{
    birth how;
    how.box = prepared({.profile = sandbox_profile::strict});
    auto born = process::clone(kit::permit(), how, []() noexcept { ::abort(); });
    REQUIRE(born);
    CHECK(born->wait().signal() == SIGABRT);
}

TEST_CASE("another program starts in a sandbox, and strict executes nothing but it")
{
    program what;
    what.exec = "python3";
    what.env = environment_with({});
    what.in = stdio::null();
    what.out = stdio::pipe();
    what.args = {"-c", "import os, ctypes\n"
                       "def attempt(f):\n"
                       "    try: f(); return 'ok'\n"
                       "    except OSError as e: return str(e.errno)\n"
                       "print(attempt(lambda: os.execv('/bin/true', ['true'])))\n"
                       "print(attempt(lambda: os.fork()))\n"
                       "print(attempt(lambda: open('/var/x-cohort', 'w')))\n"};
    what.box = prepared({.profile = sandbox_profile::strict, .program = what.exec});
    auto born = process::spawn(kit::permit(), what);
    REQUIRE_MESSAGE(born.has_value(), (born ? "" : born.error().text()));
    CHECK(kit::read_all(born->pipes.out) == "13\n1\n13\n");
    CHECK(born->wait().success());
}

TEST_CASE("a script starts under strict with its interpreter, through env as well")
{
    const kit::temporary_folder folder;
    const std::string script = folder.path() + "/serve";
    for (const char* first : {"#!/bin/sh", "#!/usr/bin/env sh"}) {
        CAPTURE(first);
        {
            std::ofstream{script} << first << "\necho started\n";
        }
        REQUIRE(::chmod(script.c_str(), 0755) == 0);
        program what;
        what.exec = script;
        what.env = environment_with({});
        what.out = stdio::pipe();
        what.box = prepared({.profile = sandbox_profile::strict, .program = script});
        auto born = process::spawn(kit::permit(), what);
        REQUIRE_MESSAGE(born.has_value(), (born ? "" : born.error().text()));
        CHECK(kit::read_all(born->pipes.out) == "started\n");
        CHECK(born->wait().success());
    }
}

TEST_CASE("a program that was kept by its descriptor starts under strict, whatever its path is now")
{
    const kit::temporary_folder folder;
    const std::string path = folder.path() + "/server";
    std::filesystem::copy_file("/bin/echo", path);
    const unique_fd binary{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(binary.valid());
    REQUIRE(std::filesystem::remove(path));
    std::filesystem::copy_file("/bin/false", path);
    program what;
    what.exec = path;
    what.binary = binary.borrow();
    what.args = {"the old one"};
    what.env = environment_with({});
    what.out = stdio::pipe();
    what.box = prepared({.profile = sandbox_profile::strict, .program = path});
    auto born = process::spawn(kit::permit(), what);
    REQUIRE_MESSAGE(born.has_value(), (born ? "" : born.error().text()));
    CHECK(kit::read_all(born->pipes.out) == "the old one\n");
    CHECK(born->wait().success());
}

TEST_CASE("a sandbox that cannot be is refused with what is wrong about it")
{
    const auto refusal = [](const sandbox_options& wanted) {
        const auto made = sandbox::prepare(wanted);
        REQUIRE_FALSE(made);
        return made.error().text();
    };
    const auto strict = sandbox_profile::strict;
    CHECK(refusal({.profile = strict, .capabilities = {"fly"}}).find("fly") != std::string::npos);
    CHECK(refusal({.profile = strict, .write = {"data"}}).find("data") != std::string::npos);
    // A folder that is not there is said, and no reason not to start.
    const auto box = prepared({.profile = strict, .write = {"/no/such/folder"}});
    REQUIRE_FALSE(box->missing().empty());
    CHECK(box->missing().front().find("/no/such/folder") != std::string::npos);
    CHECK(box->words().starts_with("sandbox strict: no-new-privs, capabilities: none, seccomp"));
}

TEST_SUITE_END();
