// The same line from spdlog, as its users write JSON: a pattern, and the fields in the message.
//
//     log_bench_spdlog <lines> <file>
#include "measure.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string_view>

namespace {

constexpr const char* pattern =
    R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"request","pid":%P,%v})";
constexpr std::string_view route = "/users/{id}";

void write_lines(spdlog::logger& log, long count)
{
    for (long i = 0; i < count; ++i)
        log.info(R"("route":"{}","status":{},"took_us":{})", route, 200, i);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 3)
        return 2;
    const long lines = bench::lines_of(argv[1]);
    {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(argv[2], true);
        spdlog::logger log{"bench", sink};
        log.set_pattern(pattern, spdlog::pattern_time_type::utc);
        bench::measure("line, buffered", lines, [&](long count) {
            write_lines(log, count);
            log.flush();
        });
        log.flush_on(spdlog::level::info);
        bench::measure("line, flushed", lines / 8, [&](long count) { write_lines(log, count); });
        log.set_level(spdlog::level::warn);
        bench::measure("line below the level", lines, [&](long count) { write_lines(log, count); });
    }
    spdlog::init_thread_pool(8192, 1);
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(argv[2], true);
    auto log = std::make_shared<spdlog::async_logger>("async", sink, spdlog::thread_pool(),
                                                      spdlog::async_overflow_policy::block);
    log->set_pattern(pattern, spdlog::pattern_time_type::utc);
    bench::measure("line, by its thread, blocking", lines / 2, [&](long count) {
        write_lines(*log, count);
        log->flush();
        log.reset();
        spdlog::shutdown();  // joins the thread: all is written
    });
    return 0;
}
