// One line of our log: message, and three fields. What was measured goes to the standard error.
//
//     log_bench <lines> <file>
//
// "turn" is what a worker does: the lines of one turn of its loop, 64 here, are written together.
// "in a worker" is all that it does: its id is in each line, its flight recorder keeps the last
// ones, and those that wait lie in memory that outlives it.
#include "../lib/flight.hpp"
#include "measure.hpp"

#include <cohort/board/segment.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_sink.hpp>
#include <cohort/observe/logger.hpp>

#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace cohort;

namespace {

constexpr long lines_a_turn = 64;

template <class Line>
void in_turns(long lines, Line line)
{
    for (long i = 0; i < lines; i += lines_a_turn) {
        log::hold();
        for (long at = i; at < i + lines_a_turn; ++at)
            line(at);
        log::release();
    }
}

template <class Line>
void measure_both(const char* in_turn, const char* alone, long lines, Line line)
{
    bench::measure(in_turn, lines, [&](long count) { in_turns(count, line); });
    bench::measure(alone, lines / 8, [&](long count) {
        for (long i = 0; i < count; ++i)
            line(i);
    });
}

/// From now on this process logs as a worker does. False: it could not.
bool become_a_worker(const board::segment& board)
{
    constexpr std::size_t bytes = observe::log_sink::memory_bytes;
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || !bench::record_flight(board))
        return false;
    observe::process_sink().keep_in({static_cast<std::byte*>(memory), bytes});
    log::set_worker(1);
    return true;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 3)
        return 2;
    const long lines = bench::lines_of(argv[1]) / lines_a_turn * lines_a_turn;
    const int file = ::open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (lines == 0 || file == -1)
        return 1;
    const std::string_view route = "/users/{id}";

    for (const log::format shape : {log::format::json, log::format::pino}) {
        log::configure({.shape = shape, .descriptor = file});
        const bool pino = shape == log::format::pino;
        static_cast<void>(::ftruncate(file, 0));
        measure_both(pino ? "line as pino, in a turn" : "line, in a turn",
                     pino ? "line as pino, alone" : "line, alone", lines, [&](long i) {
                         log::info({{"route", route}, {"status", 200}, {"took_us", i}}, "request");
                     });
    }
    log::configure({.descriptor = file});
    static_cast<void>(::ftruncate(file, 0));
    bench::measure("line with a format, in a turn", lines, [&](long count) {
        in_turns(count, [&](long i) { log::info("request {} took {} us", route, i); });
    });
    const log::logger child = log::with(
        {{"request_id", "0123456789abcdef0123456789abcdef"}, {"slot", 3}, {"module", "payments"}});
    static_cast<void>(::ftruncate(file, 0));
    measure_both("line of a child, in a turn", "line of a child, alone", lines, [&](long i) {
        child.info({{"route", route}, {"status", 200}, {"took_us", i}}, "request");
    });
    bench::measure("line below the level", lines, [&](long count) {
        for (long i = 0; i < count; ++i)
            log::debug({{"route", route}, {"status", 200}, {"took_us", i}}, "request");
    });
    bench::measure("child made", lines / 8, [&](long count) {
        for (long i = 0; i < count; ++i)
            static_cast<void>(log::with({{"request_id", "0123456789abcdef"}, {"slot", i}}));
    });
    const auto board = board::segment::create(1);
    if (!board || !become_a_worker(*board))
        return 1;
    static_cast<void>(::ftruncate(file, 0));
    measure_both("line, in a turn, in a worker", "line, alone, in a worker", lines, [&](long i) {
        log::info({{"route", route}, {"status", 200}, {"took_us", i}}, "request");
    });
    measure_both("line of a child, in a turn, in a worker", "line of a child, alone, in a worker",
                 lines, [&](long i) {
                     child.info({{"route", route}, {"status", 200}, {"took_us", i}}, "request");
                 });
    return log::dropped() == 0 ? 0 : 1;
}
