#include <cohort/process/last_words.hpp>

#include <cohort/process/keeper.hpp>
#include <cohort/process/seat_lock.hpp>
#include <cohort/process/stacks.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/futex.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <cxxabi.h>
#include <exception>
#include <typeinfo>

namespace cohort::process::last_words {

namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

/// What last words may take. Whatever blocks them (a lock of the unwinder, which the crash may have
/// come under) would keep a dead process for ever, and its place at its keeper.
constexpr itimerval time_to_speak{{0, 0}, {5, 0}};

/// Tells the loop thread that another one has crashed. One below the death signal of child_side.
int stand_aside_signal() noexcept { return SIGRTMAX - 3; }

/// What the handlers know; written by install(), before them.
struct crash_scene {
    board::journal_header* journal = nullptr;  // nullptr: it has no keeper
    pid_t process = 0;                         // a forked copy of us has nothing to say
    pid_t loop = 0;                            // the thread that has the seat
    std::atomic<testimony> say{nullptr};
    std::terminate_handler terminate = nullptr;  // of the program
    std::atomic<pid_t> crasher{0};
    siginfo_t dies_of{};                       // the crasher's own
    std::atomic<std::uint32_t> seat_given{0};  // a futex
};
crash_scene scene;

// Read by handlers, so it may not be allocated on first use, as others may.
[[gnu::tls_model("initial-exec")]] thread_local std::uint32_t this_index = no_thread;

pid_t this_thread() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

/// A stack to crash on, with a page below it that nobody can write. It belongs to its thread.
class crash_stack {
public:
    crash_stack() noexcept = default;
    crash_stack(const crash_stack&) = delete;
    crash_stack& operator=(const crash_stack&) = delete;
    ~crash_stack()
    {
        if (!pages_)
            return;
        ::sigaltstack(&before_, nullptr);
        ::munmap(pages_, size + guard);
    }

    result<> install() noexcept
    {
        if (pages_)
            return {};
        void* const pages = ::mmap(nullptr, size + guard, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (pages == MAP_FAILED)
            return failed("map a stack for the last words");
        ::mprotect(pages, guard, PROT_NONE);
        stack_t stack{};
        stack.ss_sp = static_cast<std::byte*>(pages) + guard;
        stack.ss_size = size;
        if (::sigaltstack(&stack, &before_) == -1) {
            auto why = failed("use a stack for the last words");
            ::munmap(pages, size + guard);
            return why;
        }
        pages_ = pages;
        return {};
    }

private:
    static constexpr std::size_t size = 64U << 10;
    static constexpr std::size_t guard = 64U << 10;  // a page, whatever its size
    void* pages_ = nullptr;
    stack_t before_{};
};
thread_local crash_stack this_stack;

struct cause {
    int signal = 0;
    std::uint32_t thread = no_thread;
    std::uint64_t address = 0;
};

void note(cause& what) noexcept
{
    if (scene.journal == nullptr)
        return;
    board::crash_note& crash = scene.journal->crash;
    std::uint32_t running = 0;
    if (scene.journal->speaker.load(std::memory_order_relaxed) !=
        static_cast<std::uint32_t>(scene.process))
        what.thread = no_thread;  // what this thread runs, by its words, a dead one ran
    if (what.thread < scene.journal->running.size())
        running = scene.journal->running[what.thread].load(std::memory_order_relaxed);
    crash.signal.store(static_cast<std::uint32_t>(what.signal), std::memory_order_relaxed);
    crash.thread.store(what.thread, std::memory_order_relaxed);
    crash.running.store(running, std::memory_order_relaxed);
    crash.address.store(what.address, std::memory_order_relaxed);
    crash.struck.store(0, std::memory_order_relaxed);
    // Last: with it the note counts.
    crash.pid.store(static_cast<std::uint32_t>(scene.process), std::memory_order_release);
}

[[noreturn]] void sleep_until_the_end() noexcept
{
    for (;;)
        ::pause();
}

/// On the loop thread.
void give_the_seat() noexcept
{
    if (scene.journal != nullptr)
        seat_lock{*scene.journal}.release();
    scene.seat_given.store(1, std::memory_order_release);
    ::syscall(SYS_futex, &scene.seat_given, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// On any other thread: only the loop thread can release its lock. It has a moment; if it is stuck
/// in the kernel, its death releases the lock, which comes later only where a core is dumped.
void have_the_seat_given() noexcept
{
    if (scene.journal == nullptr)
        return;
    constexpr int tries = 5;
    constexpr timespec moment{0, 10'000'000};
    ::syscall(SYS_tgkill, scene.process, scene.loop, stand_aside_signal());
    for (int i = 0; i < tries && scene.seat_given.load(std::memory_order_acquire) == 0; ++i)
        ::syscall(SYS_futex, &scene.seat_given, FUTEX_WAIT_PRIVATE, 0, &moment, nullptr, 0);
}

/// The signal once more, as it came, with the action it has by default: it waits behind this
/// handler and ends the process at the instruction that it interrupted.
void let_it_happen(int number, siginfo_t* info) noexcept
{
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    ::sigaction(number, &plain, nullptr);
    const pid_t process = ::getpid();
    if (::syscall(SYS_rt_tgsigqueueinfo, process, this_thread(), number, info) == -1)
        ::syscall(SYS_tgkill, process, this_thread(), number);
}

/// A signal that somebody else sent says nothing about what this thread was doing.
bool came_from_outside(const siginfo_t& info) noexcept
{
    return info.si_code <= 0 && info.si_pid != scene.process;
}

/// A walk along a stack may come upon what it cannot read, or what makes no sense to it: libgcc
/// aborts then.
bool may_end_a_walk(int number, const siginfo_t& info) noexcept
{
    if (number == SIGABRT)
        return info.si_code == SI_TKILL && info.si_pid == scene.process;
    return (number == SIGSEGV || number == SIGBUS) && info.si_code > 0;
}

/// Time is over, wherever the crasher is.
void on_overdue() noexcept
{
    if (::getpid() != scene.process)
        return;
    const pid_t crasher = scene.crasher.load(std::memory_order_acquire);
    if (this_thread() != crasher) {
        ::syscall(SYS_tgkill, scene.process, crasher, SIGALRM);
        return;
    }
    stacks::leave_unreadable();
    let_it_happen(scene.dies_of.si_signo, &scene.dies_of);
    sigset_t its;
    sigemptyset(&its);
    sigaddset(&its, scene.dies_of.si_signo);
    ::pthread_sigmask(SIG_UNBLOCK, &its, nullptr);
}

// The name that the C library's table of handlers holds; others are below.
extern "C" void cohort_on_overdue(int) { on_overdue(); }

/// The program's own timer and its handler are of no use to it any more.
void limit_time() noexcept
{
    struct sigaction overdue{};
    overdue.sa_handler = cohort_on_overdue;
    overdue.sa_flags = SA_ONSTACK;
    sigfillset(&overdue.sa_mask);
    ::sigaction(SIGALRM, &overdue, nullptr);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGALRM);
    ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
    ::setitimer(ITIMER_REAL, &time_to_speak, nullptr);
}

void on_crash(int number, siginfo_t* info, void* context) noexcept
{
    if (may_end_a_walk(number, *info))
        stacks::leave_unreadable();
    const int before = errno;
    if (::getpid() == scene.process) {
        const pid_t me = this_thread();
        pid_t nobody = 0;
        if (!scene.crasher.compare_exchange_strong(nobody, me)) {
            if (nobody == me) {
                // abort() in this very handler, which nothing blocks.
                let_it_happen(number, info);
                return;
            }
            // Two at once: the first one's cause counts.
            if (me == scene.loop)
                give_the_seat();
            sleep_until_the_end();
        }
        scene.dies_of = *info;
        limit_time();
        cause what;
        what.signal = number;
        const bool outside = came_from_outside(*info);
        what.thread = outside ? no_thread : this_index;
        if (outside)
            what.address = from_outside;
        else if (info->si_code > 0)
            what.address = reinterpret_cast<std::uintptr_t>(info->si_addr);
        note(what);
        if (!outside)
            stacks::note_crash(number, *info, context);
        const testimony say = scene.say.load(std::memory_order_acquire);
        if (say != nullptr && what.thread != no_thread)
            say(what.thread);
        if (me == scene.loop)
            give_the_seat();
        else
            have_the_seat_given();
        ring_keeper();
        // Last: the successor serves already, however long this takes.
        if (outside)
            stacks::note_sender(number, *info);
        else
            stacks::note_crash_stack(stacks::interrupted::by_signal);
    }
    let_it_happen(number, info);
    errno = before;
}

void on_stand_aside(int) noexcept
{
    if (::getpid() != scene.process || scene.crasher.load(std::memory_order_acquire) == 0)
        return;
    give_the_seat();
    sleep_until_the_end();
}

void on_exit_call(int code, void*) noexcept
{
    if (::getpid() != scene.process || scene.crasher.load(std::memory_order_acquire) != 0)
        return;
    cause what;
    what.thread = this_index;
    what.address = static_cast<std::uint64_t>(static_cast<unsigned>(code));
    note(what);
    stacks::note_crash(0, {}, nullptr);
    stacks::note_crash_stack(stacks::interrupted::no);
}

// The names that the C library's tables of handlers hold.
extern "C" void cohort_on_crash(int number, siginfo_t* info, void* context)
{
    on_crash(number, info, context);
}
extern "C" void cohort_on_stand_aside(int number) { on_stand_aside(number); }
extern "C" void cohort_on_exit(int code, void* nothing) { on_exit_call(code, nothing); }

/// What an exception of that type says; nullptr: it says nothing. The one at hand is looked at
/// where it is: to throw it again would lose the place that it came from.
const char* words_of(const std::type_info& type) noexcept
{
    std::exception_ptr thrown = std::current_exception();
    if (!thrown)
        return nullptr;
    // libstdc++'s exception_ptr is a pointer to the object; __do_catch is what a handler would ask.
    static_assert(sizeof thrown == sizeof(void*));
    void* object = *reinterpret_cast<void**>(&thrown);
    if (!typeid(std::exception).__do_catch(&type, &object, 1))
        return nullptr;
    return static_cast<const std::exception*>(object)->what();
}

[[noreturn]] void on_terminate() noexcept
{
    if (::getpid() == scene.process) {
        if (const std::type_info* const type = abi::__cxa_current_exception_type())
            stacks::note_exception(type->name(), words_of(*type));
    }
    if (scene.terminate != nullptr)
        scene.terminate();
    std::abort();
}

result<> catch_signals() noexcept
{
    struct sigaction crash{};
    crash.sa_sigaction = cohort_on_crash;
    crash.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // A fault in the handler itself then ends the process at once.
    sigfillset(&crash.sa_mask);
    for (const int number : crash_signals) {
        if (::sigaction(number, &crash, nullptr) == -1)
            return failed("catch crashes");
    }
    struct sigaction aside{};
    aside.sa_handler = cohort_on_stand_aside;
    aside.sa_flags = SA_ONSTACK | SA_RESTART;
    sigfillset(&aside.sa_mask);
    if (::sigaction(stand_aside_signal(), &aside, nullptr) == -1)
        return failed("catch the crashes of other threads");
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : crash_signals)
        sigaddset(&wanted, number);
    sigaddset(&wanted, stand_aside_signal());
    ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
    return {};
}

}  // namespace

namespace {

result<> begin(board::journal_header* journal)
{
    scene.journal = journal;
    scene.process = ::getpid();
    scene.loop = this_thread();
    this_index = 0;
    if (auto stack = this_stack.install(); !stack)
        return stack;
    if (::on_exit(cohort_on_exit, nullptr) != 0) {
        errno = ENOMEM;
        return failed("hear of exits");
    }
    if (const auto before = std::set_terminate(on_terminate); before != on_terminate)
        scene.terminate = before;
    return catch_signals();
}

}  // namespace

result<> install(board::journal& journal) { return begin(&journal.header()); }

result<> install() { return begin(nullptr); }

void on_culprit(testimony say) noexcept { scene.say.store(say, std::memory_order_release); }

result<> install_on_this_thread(std::uint32_t index)
{
    if (index >= board::threads_max)
        return failed(errc::bad_value, "number a thread", std::to_string(index));
    this_index = index;
    return this_stack.install();
}

}  // namespace cohort::process::last_words
