#include <cohort/process/clone.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/process_id.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <atomic>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

void say(int fd, std::string_view words) noexcept
{
    if (::write(fd, words.data(), words.size()) < 0)
        ::_exit(99);
}

/// Every descriptor of this process, as "0 1 2 7 ".
std::string open_descriptors()
{
    std::vector<int> numbers;
    for (int fd = 0; fd < 1024; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1)
            numbers.push_back(fd);
    }
    std::string text;
    for (const int number : numbers)
        text += std::to_string(number) + " ";
    return text;
}

void spin() noexcept
{
    // An atomic: a loop without effects may be assumed to end.
    for (std::atomic<unsigned> turns{0};;)
        turns.fetch_add(1, std::memory_order_relaxed);
}

void sleep_on() noexcept { ::pause(); }

}  // namespace

TEST_CASE("a copy runs its life and leaves with its own exit code")
{
    auto born = process::clone(kit::permit(), {}, []() noexcept { ::_exit(42); });
    REQUIRE(born);
    CHECK(born->pid() > 0);
    CHECK(born->wait() == exit_reason::exited(42));
}

TEST_CASE("a life that returns ends the copy with success")
{
    auto born = process::clone(kit::permit(), {}, []() noexcept {});
    REQUIRE(born);
    CHECK(born->wait() == exit_reason::exited(0));
}

TEST_CASE("a copy does not take its parent's process id for its own")
{
    REQUIRE(process_id() == ::getpid());
    auto born = process::clone(kit::permit(), {},
                               []() noexcept { ::_exit(process_id() == ::getpid() ? 0 : 1); });
    REQUIRE(born);
    CHECK(born->wait() == exit_reason::exited(0));
}

TEST_CASE("a copy has the descriptors that it was told to keep, and no other")
{
    auto pipe = kit::make_pipe();
    const unique_fd stray{::open("/dev/null", O_RDONLY)};  // not even close-on-exec
    birth how;
    how.keep = {pipe.write.borrow()};
    auto born = process::clone(kit::permit(), how,
                               [&]() noexcept { say(pipe.write.borrow(), open_descriptors()); });
    REQUIRE(born);
    const std::string kept = std::to_string(pipe.write.borrow());
    pipe.write.reset();
    CHECK(kit::read_all(pipe.read) == "0 1 2 " + kept + " ");
    CHECK(born->wait().success());
}

TEST_CASE("a copy starts without its parent's handlers and with an empty mask")
{
    const auto before = ::signal(SIGUSR1, [](int) {});
    auto born = process::clone(kit::permit(), {}, []() noexcept {
        struct sigaction now{};
        ::sigaction(SIGUSR1, nullptr, &now);
        sigset_t mask;
        ::sigprocmask(SIG_SETMASK, nullptr, &mask);
        ::_exit(now.sa_handler == SIG_DFL && sigisemptyset(&mask) ? 0 : 1);
    });
    ::signal(SIGUSR1, before);
    REQUIRE(born);
    CHECK(born->wait().success());
}

TEST_CASE("the parent's own mask is what it was before the birth")
{
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGUSR2);
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &mine, &before);
    auto born = process::clone(kit::permit(), {}, []() noexcept {});
    sigset_t after;
    ::sigprocmask(SIG_SETMASK, &before, &after);
    REQUIRE(born);
    CHECK(sigismember(&after, SIGUSR2) == 1);
    CHECK(sigismember(&after, SIGTERM) == 0);
}

TEST_CASE("a copy becomes another user and drops every group")
{
    if (::geteuid() != 0)
        return;
    birth how;
    how.user = credentials{65534, 65534};
    auto born = process::clone(kit::permit(), how, []() noexcept {
        // The system call itself: glibc's setuid() asks the same of every thread, and a thread of a
        // sanitizer has not become that user.
        const bool fine = ::getuid() == 65534 && ::geteuid() == 65534 && ::getgid() == 65534 &&
                          ::getgroups(0, nullptr) == 0 && ::syscall(SYS_setuid, 0) == -1;
        ::_exit(fine ? 0 : 1);
    });
    REQUIRE(born);
    CHECK(born->wait().success());
}

TEST_CASE("a copy that cannot take its first steps says so with its exit code")
{
    auto parent = process::clone(kit::permit(), {}, []() noexcept {
        // As nobody, to become root must fail.
        if (::geteuid() == 0 && ::setuid(65534) == -1)
            ::_exit(1);
        const unique_fd quiet{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
        ::dup2(quiet.borrow(), STDERR_FILENO);
        auto asked = fork_permit::ask();
        birth how;
        how.user = credentials{0, 0};
        auto born = process::clone(std::move(*asked), how, []() noexcept {});
        ::_exit(born && born->wait() == exit_reason::exited(stillborn) ? 0 : 2);
    });
    REQUIRE(parent);
    CHECK(parent->wait() == exit_reason::exited(0));
}

namespace {

/// A parent that gives birth to a child with `orphan` as its fate, tells its pid, and waits.
/// Returns the pid of the grandchild, once the parent was killed.
pid_t orphan_of_killed_parent(parent_death orphan, void (*life)() noexcept)
{
    auto pipe = kit::make_pipe();
    birth how;
    how.keep = {pipe.write.borrow()};
    auto parent = process::clone(kit::permit(), how, [&]() noexcept {
        auto asked = fork_permit::ask();
        birth inner;
        inner.keep = {pipe.write.borrow()};
        inner.orphan = orphan;
        auto born = process::clone(std::move(*asked), inner, [&]() noexcept {
            say(pipe.write.borrow(), std::to_string(::getpid()) + "\n");
            life();
        });
        ::pause();
    });
    REQUIRE(parent);
    pipe.write.reset();
    const std::string line = kit::read_line(pipe.read);
    REQUIRE_FALSE(line.empty());
    REQUIRE(parent->signal(SIGKILL));
    CHECK(parent->wait() == exit_reason::signalled(SIGKILL));
    return parse_integer<pid_t>(line.substr(0, line.size() - 1)).value();
}

}  // namespace

TEST_CASE("the death of its parent kills a copy at once")
{
    const pid_t orphan = orphan_of_killed_parent(parent_death::kill(), sleep_on);
    CHECK(kit::ends_soon(orphan));
}

TEST_CASE("the death of its parent ends a copy after its grace, even in an endless loop")
{
    const auto start = now();
    const pid_t orphan = orphan_of_killed_parent(parent_death::after(200ms), spin);
    CHECK(kit::ends_soon(orphan));
    const auto took = now() - start;
    CHECK(took >= 200ms);
    CHECK(took < 10s);
}

TEST_CASE("a parent that is gone before its copy could ask is noticed")
{
    // The pid of somebody who is not our parent stands for one that has died.
    const stumble bad = on_parent_death(parent_death::ignored(), 1);
    CHECK(bad.at == step::none);
    auto born = process::clone(kit::permit(), {}, []() noexcept {
        const stumble gone = on_parent_death(parent_death::kill(), ::getpid());
        ::_exit(gone.at == step::parent_gone && gone.why == ESRCH ? 0 : 1);
    });
    REQUIRE(born);
    CHECK(born->wait().success());
}

TEST_CASE("a descriptor number below zero is refused before anything is born")
{
    birth how;
    how.keep = {-1};
    const auto born = process::clone(kit::permit(), how, []() noexcept {});
    REQUIRE_FALSE(born);
    CHECK(born.error().why() == errc::bad_value);
}
