#include <cohort/process/stacks.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/frame_finder.hpp>
#include <cohort/process/stack_question.hpp>

#include <cohort/process/detail/kit_test.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

// What tests look for by name, and what processes share.
struct stage_of_test {
    std::atomic<int> ready;
    std::atomic<int> sheet;  // its descriptor in the child
};

stage_of_test& stage()
{
    static auto* const shared = static_cast<stage_of_test*>(::mmap(
        nullptr, sizeof(stage_of_test), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

}  // namespace

namespace looked_for {

[[gnu::noinline]] void turn_for_ever()
{
    volatile bool on = true;
    while (on)
        ++stage().ready;
}

[[gnu::noinline]] void wait_for_ever()
{
    ++stage().ready;
    for (;;)
        ::poll(nullptr, 0, 60'000);
}

[[gnu::noinline]] int recurse(int depth)
{
    if (depth == 0) {
        turn_for_ever();
        return 0;
    }
    volatile int below = recurse(depth - 1);
    return below + 1;
}

}  // namespace looked_for

namespace {

/// A child that shows its stacks, and what it does meanwhile.
class shower {
public:
    explicit shower(void (*deed)())
    {
        stage().ready = 0;
        stage().sheet = -1;
        auto born = clone(kit::permit(), {}, [deed]() noexcept {
            if (stacks::install(nullptr)) {
                stage().sheet = stacks::share().value().release();
                deed();
            }
        });
        REQUIRE(born);
        of_.emplace(*std::move(born));
        const auto until = now() + kit::patience;
        while (stage().ready == 0 && now() < until)
            ::poll(nullptr, 0, 1);
        const std::string path = fmt::format("/proc/{}/fd/{}", pid(), stage().sheet.load());
        auto sheet = board::stack_sheet::attach(unique_fd{::open(path.c_str(), O_RDWR)});
        REQUIRE(sheet);
        sheet_.emplace(*std::move(sheet));
    }
    shower(const shower&) = delete;
    shower& operator=(const shower&) = delete;
    ~shower()
    {
        static_cast<void>(of_->signal(SIGKILL));
        static_cast<void>(of_->wait());
    }

    [[nodiscard]] pid_t pid() const noexcept { return of_->pid(); }

    stacks_of_all ask()
    {
        auto question = stack_question::put({.process = pid(), .sheet = &*sheet_});
        const auto until = now() + kit::patience;
        while (!question.answered() && now() < until)
            ::poll(nullptr, 0, 1);
        return question.take();
    }

    /// The functions of one thread's stack, the innermost first.
    std::vector<std::string> names(const stacks_of_all& of, std::size_t thread)
    {
        const auto& frames = of.threads.at(thread).shown.frames;
        auto finder = frame_finder::open(pid(), of.code, frames);
        while (finder.step()) {
        }
        std::vector<std::string> all;
        for (const auto each : frames) {
            const frame_words* const words = finder.at(each);
            all.push_back(words == nullptr ? "?" : words->function.name);
        }
        return all;
    }

private:
    std::optional<child> of_;
    std::optional<board::stack_sheet> sheet_;
};

bool has(const std::vector<std::string>& names, std::string_view wanted)
{
    return std::ranges::any_of(names,
                               [wanted](const std::string& each) { return each.contains(wanted); });
}

void with_a_second_thread()
{
    const std::jthread other{looked_for::wait_for_ever};
    looked_for::wait_for_ever();
}

void behind_a_blocked_signal()
{
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    looked_for::wait_for_ever();
}

}  // namespace

TEST_CASE("a process that computes for ever shows where, and goes on")
{
    shower busy{looked_for::turn_for_ever};
    for (int i = 0; i < 3; ++i) {
        const auto seen = busy.ask();
        REQUIRE(seen.threads.size() == 1);
        CHECK(seen.threads[0].silence.empty());
        CHECK(seen.threads[0].of.state == 'R');
        const auto names = busy.names(seen, 0);
        CAPTURE(fmt::format("{}", fmt::join(names, " < ")));
        CHECK(names.front() == "looked_for::turn_for_ever()");
        CHECK(names.size() > 3);
    }
    const int before = stage().ready;
    const auto until = now() + kit::patience;
    while (stage().ready == before && now() < until)
        ::poll(nullptr, 0, 1);
    CHECK(stage().ready != before);
}

TEST_CASE("every thread shows its own stack")
{
    shower two{with_a_second_thread};
    const auto until = now() + kit::patience;
    while (stage().ready != 2 && now() < until)
        ::poll(nullptr, 0, 1);
    const auto seen = two.ask();
    REQUIRE(seen.threads.size() == 2);
    for (const std::size_t thread : {0U, 1U})
        CHECK(has(two.names(seen, thread), "looked_for::wait_for_ever()"));
}

TEST_CASE("how a copy was born is not shown")
{
    shower busy{[] {
        stacks::begins_at(__builtin_frame_address(0));
        looked_for::turn_for_ever();
    }};
    const auto seen = busy.ask();
    const auto names = busy.names(seen, 0);
    CAPTURE(fmt::format("{}", fmt::join(names, " < ")));
    CHECK(names.size() <= 2);
    CHECK(seen.threads.at(0).shown.end == board::stack_end::whole);
}

TEST_CASE("a deep stack is cut, and said to be")
{
    shower deep{[] { looked_for::recurse(1000); }};
    const auto seen = deep.ask();
    CHECK(seen.threads.at(0).shown.frames.size() == board::stack_frames_max);
    CHECK(seen.threads.at(0).shown.end == board::stack_end::cut);
}

TEST_CASE("of a stopped process the kernel's view is shown, at once")
{
    shower stopped{looked_for::turn_for_ever};
    ::kill(stopped.pid(), SIGSTOP);
    const auto until = now() + kit::patience;
    while (look_at_threads(stopped.pid(), 1).threads.at(0).state != 'T' && now() < until)
        ::poll(nullptr, 0, 1);
    const auto seen = stopped.ask();
    CHECK(seen.threads.at(0).of.stopped());
    CHECK(seen.threads.at(0).silence == "nothing of it can run");
    // It does not answer late, when it goes on.
    ::kill(stopped.pid(), SIGCONT);
    CHECK(stopped.ask().threads.at(0).silence.empty());
}

TEST_CASE("a thread that blocks the signal is not waited for")
{
    shower deaf{behind_a_blocked_signal};
    const auto seen = deaf.ask();
    CHECK(seen.threads.at(0).silence == "it blocks the signal that asks for stacks");
    CHECK(seen.threads.at(0).of.state == 'S');
}

TEST_CASE("a program that installed nothing is looked at, and not touched")
{
    auto born = clone(kit::permit(), {}, []() noexcept { looked_for::wait_for_ever(); });
    REQUIRE(born);
    auto sheet = board::stack_sheet::create();
    REQUIRE(sheet);
    auto question = stack_question::put({.process = born->pid(), .sheet = &*sheet});
    CHECK(question.answered());
    CHECK(question.take().threads.at(0).silence == "its program shows no stacks");
    CHECK_FALSE(born->try_reap());
    CHECK(born->signal(SIGKILL));
    static_cast<void>(born->wait());
}

TEST_CASE("a process that is gone has no threads")
{
    CHECK(stack_question::put({.process = 0x3fffffff}).take().threads.empty());
}
