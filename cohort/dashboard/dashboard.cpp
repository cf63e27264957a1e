#include <cohort/dashboard/dashboard.hpp>

#include <cohort/board/commons.hpp>
#include <cohort/dashboard/detail/house.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/process/root.hpp>

#include <unistd.h>

#include <csignal>
#include <exception>

namespace cohort::dashboard {

int serve(const premises& with)
{
    detail::house all{with};
    return all.run();
}

void live(premises with) noexcept
{
    constexpr int failed_code = 1;
    constexpr int log_patience_ms = 100;
    // What a terminal sends to everybody is for the primary, which tells us what we are to do.
    for (const int each : {SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE})
        ::signal(each, SIG_IGN);
    log::born();
    metrics::born();
    board::commons::settle(with.board->commons());
    with.first = process::root_pid() != 0 ? process::root_pid() : ::getppid();
    int code = failed_code;
    try {
        code = serve(with);
    } catch (const std::exception& thrown) {
        log::error("exception escaped in the process of the dashboard: {}", thrown.what());
    }
    log::flush_waiting(log_patience_ms);
    ::_exit(code);
}

}  // namespace cohort::dashboard
