#include <cohort/app/life.hpp>

#include <cohort/app/caretaker.hpp>
#include <cohort/app/role.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/board/reaping.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/observe/line_ring.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/observe/log_sink.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/thrown.hpp>
#include <cohort/observe/tracer.hpp>
#include <cohort/process/last_words.hpp>
#include <cohort/process/stacks.hpp>
#include <cohort/worker/core.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cohort::detail {

namespace {

constexpr int could_not_begin = 1;

[[noreturn]] void leave(int code)
{
    log::flush_waiting(100);
    ::_exit(code);
}

}  // namespace

namespace {

void begin(const board::journal* journal) noexcept
{
    // A dead peer, or a log reader that left, is an error code of the write. An exec'ed worker
    // begins with the default: death.
    ::signal(SIGPIPE, SIG_IGN);
    log::born();
    metrics::born();
    observe::tracer::born();
    born_as_worker();
    if (const auto shown = process::stacks::install(journal); !shown)
        log::warn("nobody will see the stacks of this worker: {}; going on", shown.error().text());
}

[[noreturn]] void live(result<std::unique_ptr<work::core>> opened, const settings& chosen,
                       worker_main& main)
{
    if (!opened) {
        log::fatal("cannot begin as a worker: {}", opened.error().text());
        leave(could_not_begin);
    }
    work::core& core = **opened;
    // Both live for as long as the process: coroutines that never end may refer to them.
    worker self{core, chosen};
    become_worker(&self);
    const int code = core.run([&] {
        board::commons::settle(core.doors().commons());
        if (const auto done = log::export_by(core.doors().commons()); !done)
            log::warn("lines of this worker are not exported: {}; going on", done.error().text());
        metrics::settle(core.doors().commons(), self.slot());
        // Clients who wait for messages are told to come back; they would keep a drain waiting.
        core.on_stop([&core] { http::topics::here().leave(core.loop()); });
        return main(self);
    });
    leave(code);
}

/// The seat comes to us as the thread dies that had it. Another one of that process may still be
/// within a write(2) of lines, which would be looked for too early.
void await_last_write(const board::journal& book, std::span<std::byte> lines) noexcept
{
    constexpr nanoseconds patience = milliseconds{100};
    const std::uint32_t dead = book.header().speaker.load(std::memory_order_relaxed);
    if (dead != 0 && observe::line_ring{lines}.doubted() != 0)
        static_cast<void>(board::await_reaping(book.header(), dead, patience));
}

}  // namespace

void live_as_worker(unique_fd channel, const settings& chosen, worker_main& main)
{
    process::stacks::begins_at(__builtin_frame_address(0));
    log::thrown_calls_begin_at(__builtin_frame_address(0));
    begin(nullptr);
    if (const auto caught = process::last_words::install(); !caught)
        log::warn("no last words at a crash: {}; going on", caught.error().text());
    live(work::core::open(std::move(channel)), chosen, main);
}

void live_as_kept_worker(primary::birthright mine, const settings& chosen, worker_main& main)
{
    process::stacks::begins_at(__builtin_frame_address(0));
    log::thrown_calls_begin_at(__builtin_frame_address(0));
    begin(mine.journal);
    constexpr std::size_t log_bytes = observe::log_sink::memory_bytes;
    static_assert(log_bytes <= board::journal::log_bytes);
    const auto lines = mine.journal->log_memory().first(log_bytes);
    await_last_write(*mine.journal, lines);
    observe::process_sink().keep_in(lines);
    if (const auto caught = process::last_words::install(*mine.journal); !caught)
        log::warn("no last words at a crash: {}; going on", caught.error().text());
    process::last_words::on_culprit(
        [](std::uint32_t) noexcept { observe::process_sink().abandon(); });
    work::heritage from_birth;
    from_birth.terms = std::move(mine.terms);
    from_birth.cargo.push_back(std::move(mine.board));
    from_birth.cargo.push_back(std::move(mine.inbox));
    from_birth.cargo.push_back(std::move(mine.hotline));
    from_birth.journal = mine.journal;
    from_birth.keeper = std::move(mine.keeper);
    from_birth.successor = mine.successor;
    from_birth.last = mine.last;
    from_birth.found = std::move(mine.found);
    worker_main instead = caretake;
    worker_main& whose = mine.last ? instead : main;
    live(work::core::open(std::move(mine.channel), std::move(from_birth)), chosen, whose);
}

}  // namespace cohort::detail
