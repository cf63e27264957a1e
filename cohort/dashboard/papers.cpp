#include <cohort/dashboard/papers.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/dashboard/detail/questions.hpp>
#include <cohort/dashboard/log_tail.hpp>
#include <cohort/dashboard/orders.hpp>
#include <cohort/dashboard/shapes.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/problem.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;
using control::exit_code;
using detail::noted;
using detail::slot_in_path;
using detail::slot_of;

namespace {

namespace json = boost::json;

constexpr milliseconds answers_within = 5s;
constexpr std::int64_t lines_usual = 100;
constexpr std::int64_t lines_max = 1000;

constexpr std::array of_logs{
    shape_member{"last", "integer", "How many lines: 1 to 1000; 100 if nothing is said."},
    shape_member{"level", "string", "Those of this level and above it."},
    shape_member{"grep", "string", "Those with this text in them."},
    shape_member{"since", "string", "Those from this moment on: 2026-01-31T12:00:00.000Z."}};
constexpr std::array of_report{shape_member{"slot", "integer!", "Of a worker: its seat."},
                               shape_member{"worker", "integer!", "Its id."}};

/// What `cohort start` made of the standard output, which this process shares with the workers.
std::filesystem::path file_of_output()
{
    struct stat is{};
    if (::fstat(STDOUT_FILENO, &is) == -1 || !S_ISREG(is.st_mode))
        return {};
    std::error_code ec;
    return std::filesystem::read_symlink("/proc/self/fd/1", ec);
}

observe::log_filter filter_of(const http::request& of)
{
    observe::log_filter wanted;
    wanted.part = of.query_or<std::string>("grep", {});
    wanted.since = of.query_or<std::string>("since", {});
    if (const auto level = of.query("level")) {
        wanted.least = observe::rank_of(*level);
        if (!wanted.least)
            throw http::refusal{400}.detail("level is trace, debug, info, warn, error or fatal");
    }
    return wanted;
}

}  // namespace

awaitable<control::answer> papers::read(std::filesystem::path file, observe::log_filter wanted,
                                        std::size_t lines) const
{
    control::wish what{.what = control::goods::log, .slot = wanted.slot};
    if (file.empty()) {
        what = {.what = control::goods::output};
        file = file_of_output();
    }
    if (file.empty())
        co_return control::answer{exit_code::refused,
                                  "its lines are in no file that could be read again: they go to "
                                  "a terminal, to another program, or to the journal"};
    auto opening = primary_.fetch(what);
    const auto opened = co_await std::move(opening);
    if (!opened)
        co_return control::answer{exit_code::refused, opened.error().text()};
    auto reading = offload([&opened, &wanted, lines] { return log_tail(*opened, wanted, lines); });
    const auto got = co_await std::move(reading);
    if (!got)
        co_return control::answer{exit_code::refused, got.error().text()};
    json::array all;
    all.reserve(got->size());
    for (const std::string& each : *got)
        all.emplace_back(each);
    json::object data{{"file", file.string()}};
    data["lines"] = std::move(all);
    co_return control::answer{exit_code::done, "", std::move(data)};
}

awaitable<http::response> papers::logs(const http::request& of,
                                       std::optional<std::uint32_t> slot) const
{
    observe::log_filter wanted = filter_of(of);
    const auto lines = of.query_or<std::int64_t>("last", lines_usual);
    if (lines < 1 || lines > lines_max)
        throw http::refusal{400}.detail(fmt::format("last is 1 to {}", lines_max));
    auto asking = primary_.ask(detail::question("show", slot, answers_within));
    const auto shown = co_await std::move(asking);
    if (!shown)
        co_return answer_of(unheard(shown.error()));
    if (shown->code != exit_code::done)
        co_return answer_of(*shown);
    wanted.slot = slot;
    wanted.pid = control::number_at(shown->data, "pid");
    wanted.worker = control::number_at(shown->data, "worker");
    std::filesystem::path file{control::text_at(shown->data, "log")};
    auto reading = read(std::move(file), std::move(wanted), static_cast<std::size_t>(lines));
    const auto said = co_await std::move(reading);
    co_return answer_of(said);
}

awaitable<http::response> papers::report(std::uint32_t slot, std::uint32_t worker) const
{
    control::request what = detail::question("report", slot, answers_within);
    what.arguments = {{"worker", worker}};
    auto asking = primary_.ask(std::move(what));
    const auto heard = co_await std::move(asking);
    const control::answer said = heard ? *heard : unheard(heard.error());
    if (said.code != exit_code::done)
        co_return http::problem(status_of(said.code), {}, said.reason);
    std::string text{control::text_at(said.data, "text")};
    co_return http::make_response(200, "text/plain; charset=utf-8", std::move(text))
        .header("Cache-Control", "no-store");
}

void papers::add_to(http::routes& to)
{
    const auto data = [] {
        return http::answers{200, answer_shape{}, "`data.lines` has them, the oldest first"};
    };
    to.get(
        "/logs", [this](const http::request& of) { return logs(of, {}); },
        noted("The last lines of the log", data(), {taken(http::place::query, of_logs)}));
    to.get(
        "/workers/{slot}/logs", [this](const http::request& of) { return logs(of, slot_of(of)); },
        noted("Those of one slot", data(), {taken(http::place::query, of_logs), slot_in_path()}));
    to.get(
        "/why/{slot}/{worker}",
        [this](const http::request& of) {
            return report(slot_of(of), of.path<std::uint32_t>("worker", 1, UINT32_MAX));
        },
        noted("The report of one worker's end, as its file has it",
              http::answers{200, http::media{"text/plain"}},
              {taken(http::place::path, of_report)}));
}

}  // namespace cohort::dashboard
