// The crash handler and the sheet for stacks, together.

#include <cohort/process/last_words.hpp>
#include <cohort/process/stacks.hpp>

#include <cohort/board/stack_sheet.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::process;

extern "C" void __register_frame(void* begin);  // libgcc's

namespace {

struct shared_words {
    std::atomic<int> sheet;  // its descriptor in the child; 0: not yet
    std::atomic<int> go;
};

shared_words& shared()
{
    static auto* const words = static_cast<shared_words*>(::mmap(
        nullptr, sizeof(shared_words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *words;
}

/// Runs after everything that hears of exits: are destructors to come still caught?
void tell_the_mask() noexcept
{
    sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    const bool open = sigismember(&blocked, SIGSEGV) == 0 && sigismember(&blocked, SIGBUS) == 0;
    ::_exit(open ? 4 : 5);
}

/// A child with last words and a sheet, and what it dies of.
class victim {
public:
    explicit victim(void (*deed)())
    {
        shared().sheet = 0;
        shared().go = 0;
        auto born = clone(kit::permit(), {}, [deed]() noexcept {
            std::atexit(tell_the_mask);
            if (!stacks::install(nullptr) || !last_words::install())
                ::_exit(90);
            // Cores may be allowed where this runs; they would only take time.
            shared().sheet = stacks::share().value().release();
            while (shared().go == 0)
                ::poll(nullptr, 0, 1);
            ::prctl(PR_SET_DUMPABLE, 0);
            deed();
        });
        REQUIRE(born);
        of_.emplace(*std::move(born));
        const auto until = now() + kit::patience;
        while (shared().sheet == 0 && now() < until)
            ::poll(nullptr, 0, 1);
        const std::string path = fmt::format("/proc/{}/fd/{}", of_->pid(), shared().sheet.load());
        auto sheet = board::stack_sheet::attach(unique_fd{::open(path.c_str(), O_RDWR)});
        REQUIRE(sheet);
        sheet_.emplace(*std::move(sheet));
        shared().go = 1;
    }

    exit_reason wait() { return of_->wait(); }
    [[nodiscard]] auto crash() const { return board::read(sheet_->words().crash); }

private:
    std::optional<child> of_;
    std::optional<board::stack_sheet> sheet_;
};

/// As code of a JIT may: its tables fault when libgcc reads them, which it does under a lock, and a
/// walk along the stack in the crash handler wants the same lock.
void fault_within_the_unwinder()
{
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const pages =
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* const words = static_cast<std::uint32_t*>(pages);
    words[0] = static_cast<std::uint32_t>(page - sizeof words[0]);  // the next one lies behind
    words[1] = 0;
    ::mprotect(static_cast<char*>(pages) + page, page, PROT_NONE);
    __register_frame(pages);
    try {
        throw 1;
    } catch (int) {
    }
}

void leave()
{
    // As a user's handler might.
    const auto end = &std::exit;
    end(3);
}

}  // namespace

TEST_CASE("a walk along the stack that never ends costs the stack, and not the death")
{
    victim one{fault_within_the_unwinder};
    CHECK(one.wait() == exit_reason::signalled(SIGSEGV));
    const auto left = one.crash();
    REQUIRE(left);
    CHECK(left->signal == SIGSEGV);
    CHECK(left->address != 0);
}

TEST_CASE("what faults after exit() was called is a crash like any other")
{
    victim one{leave};
    CHECK(one.wait() == exit_reason::exited(4));
    const auto left = one.crash();
    REQUIRE(left);
    CHECK(left->signal == 0);
    CHECK_FALSE(left->stack.frames.empty());
}
