// An HTTP server that writes to its log what it is asked to: /lines/{from} a hundred lines, whose
// `number` begins there; /asked a line of level info and one of level debug. Each worker begins
// with a line of level debug.
#include <cohort/cohort.hpp>
#include <cohort/observe/log.hpp>

#include <cstdint>
#include <utility>

namespace http = cohort::http;

namespace {

constexpr std::int64_t lines_a_request = 100;

http::response write_lines(const http::request& of)
{
    const auto from = of.path<std::int64_t>("from");
    for (std::int64_t number = from; number < from + lines_a_request; ++number)
        cohort::log::info({{"number", number}, {"slot", of.slot()}, {"attempt", of.attempt()}},
                          "a line");
    return http::text("written");
}

http::response write_in_detail(const http::request& of)
{
    const cohort::log::logger log = http::log_of(of);
    log.info("asked");
    log.debug({{"token", "abc"}}, "asked in detail");
    return http::text("written");
}

cohort::task<void> begin(cohort::worker& self)
{
    cohort::log::debug({{"slot", self.slot()}}, "begins");
    co_return;
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/lines/{from}", write_lines);
    api.get("/lanes/{from}", write_lines, {.cpu_bound = true});
    api.get("/asked", write_in_detail);
    cohort::serve_options more;
    more.on_worker = begin;
    return cohort::serve(argc, argv, api, std::move(more));
}
