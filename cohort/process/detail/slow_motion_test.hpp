#pragma once
// Walking a process through a script one instruction at a time, to see what a death there leaves.

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace cohort::process::kit {

/// Parent and child on one processor: a step is two switches, and no wake-up of another one.
class one_processor {
public:
    one_processor()
    {
        REQUIRE(::sched_getaffinity(0, sizeof before_, &before_) == 0);
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &here);
        REQUIRE(::sched_setaffinity(0, sizeof here, &here) == 0);
    }
    one_processor(const one_processor&) = delete;
    one_processor& operator=(const one_processor&) = delete;
    ~one_processor() { ::sched_setaffinity(0, sizeof before_, &before_); }

private:
    cpu_set_t before_{};
};

/// Waits for the next stop of the child: the signal; or 0, it has ended.
inline int next_stop(pid_t pid)
{
    siginfo_t what{};
    const auto id = static_cast<id_t>(pid);
    if (::waitid(P_PID, id, &what, WSTOPPED | WEXITED | WNOWAIT) == -1)
        return 0;
    if (what.si_code == CLD_EXITED || what.si_code == CLD_KILLED || what.si_code == CLD_DUMPED)
        return 0;
    // The stop is taken off; an end is left for try_reap().
    return ::waitid(P_PID, id, &what, WSTOPPED) == 0 ? what.si_status : 0;
}

/// A child that runs a script one instruction at a time.
class slow_motion {
public:
    template <class Script>
    explicit slow_motion(const Script& script)
        : actor_{start(script)}, runs_{next_stop(actor_.pid()) == SIGSTOP}, traced_{runs_}
    {}
    slow_motion(const slow_motion&) = delete;
    slow_motion& operator=(const slow_motion&) = delete;
    ~slow_motion() { die(); }

    /// False: tracing is not allowed here.
    [[nodiscard]] bool works() const noexcept { return traced_; }
    /// False: that was the script's end.
    bool step()
    {
        runs_ = runs_ && ::ptrace(PTRACE_SINGLESTEP, actor_.pid(), nullptr, nullptr) == 0 &&
                next_stop(actor_.pid()) == SIGTRAP;
        return runs_;
    }
    void die()
    {
        if (actor_.ended())
            return;
        CHECK(actor_.signal(SIGKILL));
        const auto deadline = now() + kit::patience;
        while (!actor_.try_reap() && now() < deadline)
            std::this_thread::yield();
        CHECK(actor_.ended());
    }

private:
    template <class Script>
    static child start(const Script& script)
    {
        auto actor = process::clone(kit::permit(), {}, [&]() noexcept {
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1)
                ::_exit(1);
            ::raise(SIGSTOP);
            script();
            ::raise(SIGSTOP);
        });
        REQUIRE(actor);
        return std::move(*actor);
    }

    one_processor here_;
    child actor_;
    bool runs_;
    bool traced_;
};

/// Shared memory as it was, to be put back after somebody has recovered from it.
class snapshot {
public:
    explicit snapshot(const unique_fd& fd)
    {
        struct stat about{};
        REQUIRE(::fstat(fd.borrow(), &about) == 0);
        const auto size = static_cast<std::size_t>(about.st_size);
        void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.borrow(), 0);
        REQUIRE(at != MAP_FAILED);
        memory_ = {static_cast<std::byte*>(at), size};
    }
    snapshot(const snapshot&) = delete;
    snapshot& operator=(const snapshot&) = delete;
    ~snapshot() { ::munmap(memory_.data(), memory_.size()); }

    void save() { saved_.assign(memory_.begin(), memory_.end()); }
    void put_back() const { std::ranges::copy(saved_, memory_.begin()); }

private:
    std::span<std::byte> memory_;
    std::vector<std::byte> saved_;
};

/// Walks through a script, and after every instruction looks at what a death there would leave:
/// `check` may recover from it, since all is put back before the next one.
template <class Script, class Check, std::size_t N>
void at_every_instruction(const Script& script, const std::array<snapshot*, N>& memory,
                          const Check& check)
{
    slow_motion actor{script};
    if (!actor.works()) {
        MESSAGE("tracing is not allowed here: not shown");
        return;
    }
    std::uint64_t done = 0;
    bool more = true;
    while (more) {
        INFO("after instruction ", done);
        for (snapshot* each : memory)
            each->save();
        check();
        for (snapshot* each : memory)
            each->put_back();
        more = actor.step();
        ++done;
    }
    for (snapshot* each : memory)
        each->save();
    check();
    CHECK(done > 20);
}

}  // namespace cohort::process::kit
