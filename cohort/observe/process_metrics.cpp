#include <cohort/observe/process_metrics.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace cohort::observe {

namespace {

using metrics::across;

/// Files of /proc/self that fit here. Empty: it could not be read.
std::string text_of(const char* path)
{
    const unique_fd file{::open(path, O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return {};
    std::array<char, 1024> text{};
    const ssize_t got = ::read(file.borrow(), text.data(), text.size());
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

nanoseconds from(const timeval& time) noexcept
{
    return seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

/// The word with that number, from 0; empty: there are fewer.
std::string_view word_of(std::string_view text, int number)
{
    for (;;) {
        const std::size_t end = text.find(' ');
        if (number-- == 0)
            return text.substr(0, end);
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + 1);
    }
}

std::uint64_t number_in(std::string_view text, int word)
{
    return parse_integer<std::uint64_t>(word_of(text, word)).value_or(0);
}

/// What was used between two looks; what goes back, nothing.
nanoseconds since(nanoseconds before, nanoseconds after) noexcept
{
    return after > before ? after - before : nanoseconds{0};
}

double share(nanoseconds part, nanoseconds of) noexcept
{
    return of.count() <= 0 ? 0
                           : static_cast<double>(part.count()) / static_cast<double>(of.count());
}

}  // namespace

std::optional<nanoseconds> parse_run_queue_wait(std::string_view schedstat)
{
    const auto waited = parse_integer<std::int64_t>(word_of(schedstat, 1));
    if (!waited)
        return std::nullopt;
    return nanoseconds{*waited};
}

std::optional<double> parse_start(std::string_view stat, long ticks_a_second)
{
    // The name of a program may contain anything, also blanks and parentheses.
    const std::size_t end_of_name = stat.rfind(") ");
    if (end_of_name == std::string_view::npos || ticks_a_second <= 0)
        return std::nullopt;
    constexpr int words_before = 19;  // from the state on
    const auto ticks =
        parse_integer<std::uint64_t>(word_of(stat.substr(end_of_name + 2), words_before));
    if (!ticks)
        return std::nullopt;
    return static_cast<double>(*ticks) / static_cast<double>(ticks_a_second);
}

std::optional<double> process_start_seconds()
{
    const auto after_boot = parse_start(text_of("/proc/self/stat"), ::sysconf(_SC_CLK_TCK));
    timespec up{};
    if (!after_boot || ::clock_gettime(CLOCK_BOOTTIME, &up) == -1)
        return std::nullopt;
    const double age =
        static_cast<double>(up.tv_sec) + static_cast<double>(up.tv_nsec) / 1e9 - *after_boot;
    const std::chrono::duration<double> wall = wall_now().time_since_epoch();
    return wall.count() - age;
}

process_usage process_usage::now()
{
    process_usage seen;
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0) {
        seen.user = from(used.ru_utime);
        seen.system = from(used.ru_stime);
    }
    seen.waited =
        parse_run_queue_wait(text_of("/proc/thread-self/schedstat")).value_or(nanoseconds{0});
    const std::string pages = text_of("/proc/self/statm");
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    seen.addresses = number_in(pages, 0) * page;
    seen.resident = number_in(pages, 1) * page;
    struct stat folder{};
    if (::stat("/proc/self/fd", &folder) == 0)
        seen.open_fds = static_cast<std::uint64_t>(folder.st_size);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0)
        seen.fds_max = files.rlim_cur;
    return seen;
}

process_metrics::process_metrics()
    : all_{metrics::time_counter("process_cpu_seconds_total",
                                 "Processor time that all processes of the cohort have used")},
      user_{metrics::time_counter("process_cpu_user_seconds_total", "Of it, in programs")},
      system_{metrics::time_counter("process_cpu_system_seconds_total",
                                    "Of it, in the kernel for them")},
      waited_{metrics::time_counter("cohort_cpu_wait_seconds_total",
                                    "Time that event loops could have run and had no processor")},
      resident_{metrics::gauge("process_resident_memory_bytes",
                               "Pages in memory of all processes, shared ones once for each")},
      addresses_{metrics::gauge("process_virtual_memory_bytes", "Address space of all processes")},
      open_fds_{metrics::gauge("process_open_fds", "Open descriptors of all processes")},
      fds_max_{metrics::gauge("process_max_fds",
                              "Descriptors that a process may have, where it is the least",
                              {.over = across::least})}
{
    if (const auto began = process_start_seconds())
        metrics::gauge("process_start_time_seconds",
                       "When the oldest process that counts began, in seconds since 1970",
                       {.over = across::least})
            .set(*began);
}

process_metrics::shares process_metrics::look(const process_usage& at, steady_time when)
{
    // A sandbox may keep us from looking: then nothing is shown, rather than something wrong.
    const auto show = [](metrics::gauge_series& in, std::uint64_t what) {
        if (what != 0)
            in.set(static_cast<double>(what));
    };
    show(resident_, at.resident);
    show(addresses_, at.addresses);
    show(open_fds_, at.open_fds);
    show(fds_max_, at.fds_max);
    shares lately;
    if (before_) {
        const process_usage& was = before_->usage;
        const nanoseconds user = since(was.user, at.user);
        const nanoseconds system = since(was.system, at.system);
        const nanoseconds waited = since(was.waited, at.waited);
        user_.add(user);
        system_.add(system);
        all_.add(user + system);
        waited_.add(waited);
        const nanoseconds wall = when - before_->when;
        lately = {.busy = share(user + system, wall), .waited = share(waited, wall)};
    }
    before_ = past{.usage = at, .when = when};
    return lately;
}

}  // namespace cohort::observe
