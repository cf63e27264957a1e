#include <cohort/process/stacks.hpp>

#include <cohort/board/stack_sheet.hpp>
#include <cohort/process/memory_share.hpp>
#include <cohort/process/process_name.hpp>
#include <cohort/process/registers.hpp>

#include <link.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace cohort::process::stacks {

namespace {

constexpr std::uint32_t no_index = 0xffff'ffff;
constexpr auto relaxed = std::memory_order_relaxed;

/// What the handlers know; written by install(), before them, and never freed.
struct showing {
    std::optional<board::stack_sheet> sheet;
    board::stack_words_of_all* words = nullptr;
    const board::journal* journal = nullptr;
    pid_t process = 0;  // a forked copy of us has nothing to show
};
showing scene;

/// Where to go on when a stack cannot be read.
struct refuge {
    sigjmp_buf way_out;
    volatile std::sig_atomic_t open = 0;
};

// Used by handlers, so they may not be allocated on first use, as others may.
[[gnu::tls_model("initial-exec")]] thread_local refuge here;
[[gnu::tls_model("initial-exec")]] thread_local std::uint32_t this_index = no_index;
[[gnu::tls_model("initial-exec")]] thread_local std::uintptr_t beginning = 0;

/// A walk along the calling thread's stack, from where the signal interrupted it.
struct walk {
    board::stack_words* to = nullptr;
    std::uint32_t depth = 0;
    bool begun = false;
    bool in_own_life = false;
};

/// Finds its tables by _dl_find_object, which takes no lock (glibc 2.35).
_Unwind_Reason_Code take_step(_Unwind_Context* at, void* of) noexcept
{
    walk& mine = *static_cast<walk*>(of);
    int interrupted = 0;
    const auto address = static_cast<std::uint64_t>(_Unwind_GetIPInfo(at, &interrupted));
    // The handler's own frames come first; only a frame that a signal interrupted stands exactly
    // where it says.
    mine.begun = mine.begun || interrupted != 0;
    if (!mine.begun || mine.to == nullptr)
        return _URC_NO_REASON;
    if (address == 0)
        return _URC_END_OF_STACK;
    // Only a step over the beginning counts: a fiber may have its stack anywhere.
    const bool beyond = _Unwind_GetCFA(at) > beginning;
    if (beginning != 0 && beyond && mine.in_own_life)
        return _URC_END_OF_STACK;
    mine.in_own_life = !beyond;
    if (mine.depth == board::stack_frames_max) {
        mine.to->end.store(static_cast<std::uint32_t>(board::stack_end::cut), relaxed);
        return _URC_END_OF_STACK;
    }
    // A return address may belong to what follows the call; the call is what is wanted.
    mine.to->frames[mine.depth].store(interrupted != 0 ? address : address - 1, relaxed);
    // After each: should the next one fault, this one counts.
    mine.to->depth.store(++mine.depth, relaxed);
    return _URC_NO_REASON;
}

void write_stack(board::stack_words& to, interrupted how) noexcept
{
    to.depth.store(0, relaxed);
    to.end.store(static_cast<std::uint32_t>(board::stack_end::whole), relaxed);
    walk mine;
    mine.to = &to;
    mine.begun = how == interrupted::no;
    // The mask is not restored: returning from the handler does that.
    if (sigsetjmp(here.way_out, 0) != 0) {
        to.end.store(static_cast<std::uint32_t>(board::stack_end::unreadable), relaxed);
        return;
    }
    here.open = 1;
    _Unwind_Backtrace(take_step, &mine);
    here.open = 0;
}

/// The request's bytes as they came, or nothing.
std::string_view request_of_this_thread() noexcept
{
    if (scene.journal == nullptr || this_index >= board::threads_max)
        return {};
    const board::journal_header& head = scene.journal->header();
    // Before it has taken stock these words are a dead one's.
    if (head.speaker.load(relaxed) != static_cast<std::uint32_t>(scene.process))
        return {};
    const std::uint32_t connection = head.running[this_index].load(relaxed);
    if (connection == 0)
        return {};
    const auto* const record = scene.journal->record(static_cast<int>(connection) - 1);
    if (record == nullptr)
        return {};
    const board::connection_state& state = record->state();
    const std::uint64_t taken = record->taken.load(relaxed);
    const char* const bytes = scene.journal->at(state.input);
    if (bytes == nullptr || state.parsed < state.base || taken < state.parsed)
        return {};
    const std::uint64_t skip = state.parsed - state.base;
    const std::uint64_t room = board::journal::size(state.input);
    if (skip >= room)
        return {};
    return {bytes + skip, static_cast<std::size_t>(std::min(taken - state.parsed, room - skip))};
}

/// Method and path. What follows a question mark may be a secret.
void write_errand(board::stack_words& to) noexcept
{
    const std::string_view text = request_of_this_thread();
    std::uint32_t bytes = 0;
    unsigned blanks = 0;
    for (const char c : text.substr(0, board::stack_errand_max)) {
        blanks += c == ' ' ? 1 : 0;
        if (blanks == 2 || c == '?' || c == '\r' || c == '\n')
            break;
        to.errand[bytes++].store(c, relaxed);
    }
    to.errand_bytes.store(bytes, relaxed);
}

void on_question(int) noexcept
{
    const int before = errno;
    if (scene.words != nullptr && ::getpid() == scene.process) {
        const auto me = static_cast<std::uint32_t>(::syscall(SYS_gettid));
        const std::uint32_t round = scene.words->round.load(std::memory_order_acquire);
        for (board::stack_words& each : scene.words->threads) {
            if (each.thread.load(std::memory_order_acquire) != me)
                continue;
            write_stack(each, interrupted::by_signal);
            write_errand(each);
            each.round.store(round, std::memory_order_release);
            break;
        }
    }
    errno = before;
}

// The name that the C library's table of handlers holds.
extern "C" void cohort_on_stack_question(int number) { on_question(number); }

void let_in() noexcept
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, signal_number());
    ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
}

/// Out of the notes of the program itself: they are in memory, whatever lies at its path by now.
int find_build_id(dl_phdr_info* of, std::size_t, void*) noexcept
{
    constexpr std::size_t head = 3 * sizeof(std::uint32_t);
    const auto rounded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
    for (int i = 0; i < of->dlpi_phnum; ++i) {
        const auto& part = of->dlpi_phdr[i];
        if (part.p_type != PT_NOTE)
            continue;
        const auto* at = reinterpret_cast<const unsigned char*>(of->dlpi_addr + part.p_vaddr);
        for (std::size_t left = part.p_memsz; left > head;) {
            std::array<std::uint32_t, 3> sizes{};  // of name and content; the type
            std::memcpy(sizes.data(), at, head);
            const std::size_t whole = head + rounded(sizes[0]) + rounded(sizes[1]);
            if (whole > left)
                break;
            if (sizes[2] == NT_GNU_BUILD_ID && sizes[0] == 4 &&
                std::memcmp(at + head, "GNU", 4) == 0)
            {
                const std::size_t bytes =
                    std::min<std::size_t>(sizes[1], board::stack_build_id_max);
                for (std::size_t b = 0; b < bytes; ++b)
                    scene.words->build_id[b].store(at[head + rounded(sizes[0]) + b], relaxed);
                scene.words->build_id_bytes.store(static_cast<std::uint32_t>(bytes), relaxed);
                return 1;
            }
            at += whole;
            left -= whole;
        }
    }
    return 1;  // the first one is the program; the libraries have their own
}

/// The first walk of a process finds its functions and fills libgcc's tables, under locks.
void warm_up() noexcept
{
    walk nowhere;
    _Unwind_Backtrace(take_step, &nowhere);
}

}  // namespace

int signal_number() noexcept { return SIGRTMAX - 4; }

result<> install(const board::journal* journal)
{
    auto made = board::stack_sheet::create();
    if (!made)
        return std::unexpected(std::move(made).error());
    scene.words = nullptr;
    scene.sheet.emplace(*std::move(made));
    scene.journal = journal;
    scene.process = ::getpid();
    scene.words = &scene.sheet->words();
    ::dl_iterate_phdr(find_build_id, nullptr);
    warm_up();
    struct sigaction show{};
    show.sa_handler = cohort_on_stack_question;
    show.sa_flags = SA_ONSTACK | SA_RESTART;
    sigfillset(&show.sa_mask);
    // A stack that cannot be read is a fault in the handler, and its end there.
    sigdelset(&show.sa_mask, SIGSEGV);
    sigdelset(&show.sa_mask, SIGBUS);
    if (::sigaction(signal_number(), &show, nullptr) == -1)
        return failed("answer questions for stacks");
    attend(0);
    return {};
}

void begins_at(const void* frame) noexcept { beginning = reinterpret_cast<std::uintptr_t>(frame); }

void attend(std::uint32_t index) noexcept
{
    this_index = index;
    let_in();
}

result<unique_fd> share()
{
    if (!scene.sheet || scene.process != ::getpid())
        return failed(errc::bad_value, "share stacks");
    return duplicate(scene.sheet->fd());
}

void note_oldest_request(std::uint64_t begun_ns) noexcept
{
    if (scene.words != nullptr)
        scene.words->oldest_request_ns.store(begun_ns, relaxed);
}

void note_memory() noexcept
{
    if (scene.words != nullptr && scene.process == ::getpid())
        scene.words->resident_bytes.store(memory_resident(scene.process).value_or(0), relaxed);
}

void note_crash(int number, const siginfo_t& info, const void* context) noexcept
{
    if (scene.words == nullptr || ::getpid() != scene.process)
        return;
    board::crash_words& crash = scene.words->crash;
    crash.signal.store(static_cast<std::uint32_t>(number), relaxed);
    crash.code.store(static_cast<std::uint32_t>(info.si_code), relaxed);
    crash.address.store(info.si_code > 0 ? reinterpret_cast<std::uintptr_t>(info.si_addr) : 0,
                        relaxed);
    crash.stack.thread.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), relaxed);
    if (context != nullptr) {
        const auto& registers = *static_cast<const ucontext_t*>(context);
        for (std::size_t i = 0; i < register_names.size(); ++i)
            crash.registers[i].store(register_of(registers, i), relaxed);
        crash.registers_known.store(register_names.size(), relaxed);
    }
    write_errand(crash.stack);
}

void note_sender(int number, const siginfo_t& info) noexcept
{
    if (scene.words == nullptr || ::getpid() != scene.process)
        return;
    board::sent_words& sent = scene.words->sent;
    sent.process.store(static_cast<std::uint32_t>(info.si_pid), relaxed);
    sent.user.store(info.si_uid, relaxed);
    // It may be gone before the primary can ask.
    static_assert(board::stack_sender_max == process_name_max);
    std::array<char, process_name_max> name{};
    const std::size_t bytes = name_of_process(info.si_pid, name);
    for (std::size_t i = 0; i < bytes; ++i)
        sent.name[i].store(name[i], relaxed);
    sent.name_bytes.store(static_cast<std::uint32_t>(bytes), relaxed);
    sent.signal.store(static_cast<std::uint32_t>(number), std::memory_order_release);
}

void note_exception(const char* type, const char* says) noexcept
{
    if (scene.words == nullptr || ::getpid() != scene.process)
        return;
    board::crash_words& crash = scene.words->crash;
    std::uint32_t bytes = 0;
    const auto add = [&](std::string_view text, std::size_t most) {
        for (const char c : text.substr(0, most))
            crash.exception[bytes++].store(c, relaxed);
    };
    add(type, board::stack_exception_max / 2);
    crash.type_bytes.store(bytes, relaxed);
    if (says != nullptr)
        add(says, board::stack_exception_max - bytes);
    crash.exception_bytes.store(bytes, relaxed);
}

void note_escaped(const char* type, const char* says,
                  std::span<const std::uintptr_t> calls) noexcept
{
    if (scene.words == nullptr || ::getpid() != scene.process)
        return;
    note_exception(type, says);
    board::stack_words& to = scene.words->crash.stack;
    const std::size_t depth = std::min(calls.size(), board::stack_frames_max);
    for (std::size_t i = 0; i < depth; ++i)
        to.frames[i].store(calls[i], relaxed);
    to.depth.store(static_cast<std::uint32_t>(depth), relaxed);
    to.end.store(static_cast<std::uint32_t>(board::stack_end::whole), relaxed);
    to.thread.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), relaxed);
    to.errand_bytes.store(0, relaxed);
    to.round.store(1, std::memory_order_release);
}

void note_crash_stack(interrupted how) noexcept
{
    if (scene.words == nullptr || ::getpid() != scene.process)
        return;
    sigset_t faults;
    sigset_t before;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    ::pthread_sigmask(SIG_UNBLOCK, &faults, &before);
    write_stack(scene.words->crash.stack, how);
    // Also after a fault, which leaves all of them blocked; who calls exit() goes on.
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    scene.words->crash.stack.round.store(1, std::memory_order_release);
}

void leave_unreadable() noexcept
{
    if (here.open == 0)
        return;
    here.open = 0;
    siglongjmp(here.way_out, 1);
}

}  // namespace cohort::process::stacks
