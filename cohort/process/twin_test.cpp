#include <cohort/process/twin.hpp>

#include <cohort/process/detail/pair_kit_test.hpp>

#include <sys/wait.h>

#include <pthread.h>

#include <csignal>

using namespace cohort;
using namespace cohort::process;

namespace {

siginfo_t reap(pid_t pid)
{
    siginfo_t info{};
    CHECK(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
    return info;
}

int global = 1;

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("a twin has our descriptors, and what it opens is ours")
{
    kit::shared_words words;
    auto maker = twin_maker::prepare(kit::permit());
    REQUIRE(maker);
    global = 1;
    auto made = maker->make(
        [](void* word) noexcept {
            global = 2;
            auto* const out = static_cast<std::atomic<std::uint64_t>*>(word);
            out->store(static_cast<std::uint64_t>(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
        },
        words.word);
    REQUIRE(made);
    CHECK(reap(made->pid).si_status == 0);
    const unique_fd opened{static_cast<int>(words.word[0].load())};
    CHECK(::fcntl(opened.borrow(), F_GETFD) == FD_CLOEXEC);
    CHECK(global == 1);  // the memory is not shared
    CHECK((::fcntl(made->pidfd.borrow(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a twin knows who it is, and can have threads and children")
{
    kit::shared_words words;
    auto maker = twin_maker::prepare(kit::permit());
    REQUIRE(maker);
    auto made = maker->make(
        [](void* word) noexcept {
            auto* const out = static_cast<std::atomic<std::uint64_t>*>(word);
            // A robust mutex knows its owner by the C library's idea of our thread id.
            pthread_mutexattr_t kind;
            ::pthread_mutexattr_init(&kind);
            ::pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
            pthread_mutex_t lock;
            ::pthread_mutex_init(&lock, &kind);
            const bool locked = ::pthread_mutex_lock(&lock) == 0;
            const bool owned = lock.__data.__owner == ::getpid();
            pthread_t thread{};
            const bool started = ::pthread_create(
                                     &thread, nullptr,
                                     [](void* at) -> void* {
                                         static_cast<std::atomic<std::uint64_t>*>(at)->store(7);
                                         return nullptr;
                                     },
                                     out) == 0;
            const bool joined = started && ::pthread_join(thread, nullptr) == 0;
            auto asked = fork_permit::ask();
            ::_exit(locked && owned && joined && asked ? 0 : 1);
        },
        words.word);
    REQUIRE(made);
    const auto end = reap(made->pid);
    CHECK(end.si_code == CLD_EXITED);
    CHECK(end.si_status == 0);
    CHECK(words.word[0].load() == 7);
}

TEST_CASE("our mask is what it was, and a twin starts with every signal blocked")
{
    sigset_t before;
    ::sigprocmask(SIG_SETMASK, nullptr, &before);
    auto maker = twin_maker::prepare(kit::permit());
    REQUIRE(maker);
    auto made = maker->make_unwatched(
        [](void*) noexcept {
            sigset_t now;
            ::sigprocmask(SIG_SETMASK, nullptr, &now);
            ::_exit(sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGUSR1) == 1 ? 0 : 1);
        },
        nullptr);
    REQUIRE(made);
    CHECK(reap(*made).si_status == 0);
    sigset_t after;
    ::sigprocmask(SIG_SETMASK, nullptr, &after);
    CHECK(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
}

TEST_SUITE_END();
