#include <cohort/primary/coroner.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/crash_files.hpp>
#include <cohort/primary/stack_report.hpp>
#include <cohort/process/frame_finder.hpp>
#include <cohort/process/memory_group.hpp>
#include <cohort/process/memory_peak.hpp>
#include <cohort/process/program_map.hpp>

#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <utility>

namespace cohort::primary {

namespace {

namespace json = boost::json;

using namespace std::chrono_literals;

constexpr std::size_t functions_logged_max = 12;
/// Where files lie may hang; then nobody waits for it again at once.
constexpr nanoseconds files_within = 10s;
constexpr nanoseconds files_pause = 60s;

/// What a messenger says if all went well, before the path.
constexpr std::string_view well = "written: ";

result<std::filesystem::path> folder_by(const config::crash& terms)
{
    return terms.folder == "auto" ? usual_crash_folder() : crash_folder(terms.folder);
}

/// In a copy of us.
std::string write(const config::crash& terms, const crash_file& what)
{
    const auto folder = folder_by(terms);
    if (!folder)
        return folder.error().text();
    const auto written =
        write_crash(*folder, what, {.reports = terms.reports, .bytes = terms.bytes});
    return written ? std::string{well} + written->string() : written.error().text();
}

/// Likewise: the path and the text.
std::string read(const config::crash& terms, const crash_name& which)
{
    const auto folder = folder_by(terms);
    const auto found = folder ? read_crash(*folder, which) : std::nullopt;
    if (!found)
        return {};
    std::string words{well};
    words.append(found->path.string()).append("\n").append(found->text);
    return words;
}

}  // namespace

coroner::coroner(asio::any_io_executor executor, const board::segment& of)
    : board_{of}, messengers_{executor}
{}

coroner::finding_ptr coroner::examine(worker_handle& who, const process::memory_group* in)
{
    auto found = std::make_shared<autopsy>();
    found->died_ns = now_ns();
    if (board::stack_sheet* const sheet = who.sheet()) {
        found->crash = board::read(sheet->words().crash);
        found->sender = board::read(sheet->words().sent);
        found->build_id = board::build_id_of(sheet->words());
        found->memory.resident = sheet->words().resident_bytes.load(std::memory_order_relaxed);
    }
    if (in != nullptr) {
        found->memory.bound = in->bytes();
        found->memory.peak = process::memory_peak(*in).value_or(0);
    }
    if (!flights_) {
        if (auto recorder = board::flight_recorder::open(board_.commons()))
            flights_ = *recorder;
    }
    if (flights_)
        found->flight = flights_->read(who.slot(), who.id());
    const exit_status how = who.status();
    found->what = judge({.how = how,
                         .leaving = who.leaving(),
                         .ours = who.doomed(),
                         .crash = found->crash ? &*found->crash : nullptr,
                         .sender = found->sender ? &*found->sender : nullptr,
                         .flight = found->flight ? &*found->flight : nullptr,
                         .memory = found->memory,
                         .primary = ::getpid()});
    counts_.add(found->what.cause);
    return found;
}

awaitable<> coroner::report(worker_ptr who, finding_ptr found, generation_ptr of)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    process::frame_finder names;
    if (found->crash) {
        const process::program_map code =
            who->copy_of_us() ? process::program_map::of(::getpid()) : who->code();
        names = process::frame_finder::open(who->info().pid, code, found->crash->stack.frames);
        while (!stopped(stop) && names.step())
            co_await asio::post(asio::use_awaitable);
    }
    if (past_ != nullptr)
        found->stacks = past_->report_of(who->id());
    json::object story = to_json(*found, names, board::flight_events);
    auto filing = file(who, of, std::move(story), story_of(*found, names, board::flight_events));
    const auto path = co_await std::move(filing);
    const std::string where = path.value_or(std::string{});
    if (found->crash) {
        const std::string stack = path_of(found->crash->stack, names, functions_logged_max);
        const log::field more[] = {{"slot", who->slot()},
                                   {"worker", who->id()},
                                   {"cause", name(found->what.cause)},
                                   {"thread", found->crash->thread},
                                   {"request", found->crash->stack.errand},
                                   {"stack", stack},
                                   {"report", where}};
        const bool threw = found->what.cause == death_cause::exception;
        const std::string what =
            threw ? ": " + found->what.words : " crashed: " + headline_of(*found->crash);
        log::write(log::level::error, fmt::format("worker {}{}; {}", who->id(), what, stack), more);
        if (past_ != nullptr)
            past_->report(who->id(), text_of(*found->crash, names));
    } else {
        const log::field more[] = {{"slot", who->slot()},
                                   {"worker", who->id()},
                                   {"cause", name(found->what.cause)},
                                   {"report", where}};
        log::write(log::level::warn, fmt::format("worker {}: {}", who->id(), found->what.words),
                   more);
    }
    if (past_ == nullptr)
        co_return;
    json::object details = to_json(*found, names, events_told_max);
    if (path)
        details["file"] = *path;
    past_->explain(who->id(), std::move(details), story_of(*found, names, events_told_max));
}

awaitable<std::optional<std::string>> coroner::file(worker_ptr who, generation_ptr of,
                                                    json::object story, std::string text)
{
    const config::settings& terms = of->settings();
    if (terms.crash.folder == "off")
        co_return std::nullopt;
    if (now() < files_again_) {
        ++without_files_;
        co_return std::nullopt;
    }
    if (const auto deaths = std::exchange(without_files_, 0); deaths != 0)
        log::warn("{} more deaths got no report; trying again", deaths);
    const auto left_out = files_.take();
    if (!left_out)
        co_return std::nullopt;
    if (*left_out != 0)
        log::warn("{} deaths got no report: there were too many in a second", *left_out);
    const std::string time = past_ == nullptr ? std::string{} : past_->time_of_end(who->id());
    const std::string heading =
        fmt::format("{}  worker {} (pid {}) of {}.{}: {}\n", time, who->id(), who->info().pid,
                    terms.name, who->slot(), std::string_view{story["cause_words"].as_string()});
    json::object whole{{"time", time}, {"app", terms.name}};
    whole["slot"] = who->slot();
    whole["worker"] = who->id();
    whole["pid"] = who->info().pid;
    whole["reason"] = who->status().words();
    for (auto& each : story)
        whole[each.key()] = std::move(each.value());
    const std::string words = json::serialize(whole) + "\n";
    const std::string people = heading + text;
    const crash_file what{
        .name = {.app = terms.name, .slot = who->slot(), .worker = who->id(), .time = time},
        .json = words,
        .text = people};
    // Everything that it refers to is ours until it has come back.
    auto trip = messengers_.send([&terms, &what]() noexcept { return write(terms.crash, what); },
                                 files_within);
    const auto said = co_await std::move(trip);
    if (said && said->starts_with(well))
        co_return said->substr(well.size());
    const bool late = !said && said.error().why() == errc::deadline_passed;
    if (late)
        files_again_ = now() + files_pause;
    log::warn("the death of worker {} gets no report{}: {}; going on", who->id(),
              late ? ", nor do those of the next minute" : "", said ? *said : said.error().text());
    co_return std::nullopt;
}

awaitable<> coroner::recall(std::uint32_t slots, generation_ptr of)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const config::settings& terms = of->settings();
    if (past_ == nullptr || terms.crash.folder == "off")
        co_return;
    for (std::uint32_t slot = 0; slot < slots && !stopped(stop); ++slot) {
        const auto ends = past_->ends_of(slot);
        if (ends.empty() || ends.back().details || ends.back().what.in_peace())
            continue;
        const std::uint32_t worker = ends.back().who.id;
        const std::string time = timestamp(ends.back().when);
        const crash_name which{.app = terms.name, .slot = slot, .worker = worker, .time = time};
        auto trip = messengers_.send(
            [&terms, &which]() noexcept { return read(terms.crash, which); }, files_within);
        const auto said = co_await std::move(trip);
        if (!said) {
            log::warn("the deaths of before keep their reports to themselves: {}; going on",
                      said.error().text());
            co_return;  // it would not answer the next time
        }
        const auto line = said->find('\n');
        if (!said->starts_with(well) || line == std::string::npos)
            continue;  // it did not come so far
        json::object details{{"file", said->substr(well.size(), line - well.size())}};
        past_->explain(worker, std::move(details), said->substr(line + 1));
    }
}

}  // namespace cohort::primary
