// An HTTP server that writes to its log what it is asked to: /lines/{from} a hundred lines, whose
// `number` begins there.
#include <cohort/cohort.hpp>
#include <cohort/observe/log.hpp>

#include <cstdint>

namespace http = cohort::http;

namespace {

constexpr std::int64_t lines_a_request = 100;

http::response write_lines(const http::request& of)
{
    const auto from = of.path<std::int64_t>("from");
    for (std::int64_t number = from; number < from + lines_a_request; ++number)
        cohort::log::info({{"number", number}, {"slot", of.slot()}}, "a line");
    return http::text("written");
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/lines/{from}", write_lines);
    api.get("/lanes/{from}", write_lines, {.cpu_bound = true});
    return cohort::serve(argc, argv, api);
}
