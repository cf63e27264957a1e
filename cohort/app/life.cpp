#include <cohort/app/life.hpp>

#include <cohort/app/role.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/worker/core.hpp>

#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
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

void live_as_worker(unique_fd channel, const settings& chosen, worker_main& main)
{
    // A dead peer, or a log reader that left, is an error code of the write. An exec'ed worker
    // begins with the default: death.
    ::signal(SIGPIPE, SIG_IGN);
    log::born();
    born_as_worker();
    auto opened = work::core::open(std::move(channel));
    if (!opened) {
        log::fatal("cannot begin as a worker: {}", opened.error().text());
        leave(could_not_begin);
    }
    work::core& core = **opened;
    // Both live for as long as the process: coroutines that never end may refer to them.
    worker self{core, chosen};
    become_worker(&self);
    const int code = core.run([&] { return main(self); });
    leave(code);
}

}  // namespace cohort::detail
