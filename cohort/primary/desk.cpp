#include <cohort/primary/desk.hpp>

#include <cohort/primary/detail/change_of.hpp>
#include <cohort/primary/detail/requests.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/who_asked.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace detail;

namespace json = boost::json;

namespace {

json::object numbers_of(const head_count& seen, const supervisor& of)
{
    return {{"wanted", of.wanted()},   {"workers", of.number().text()},
            {"serving", seen.serving}, {"parked", seen.parked},
            {"held", seen.held},       {"moving", seen.moving}};
}

/// "8", "+2", "-1", "2..16". Errors: errc::bad_value.
result<config::worker_count> wanted_by(const std::string& text, unsigned now)
{
    const bool more = text.starts_with('+');
    const bool fewer = text.starts_with('-');
    if (!more && !fewer && text != "auto") {
        if (auto said = config::worker_count::parse(text))
            return said;
    }
    const auto change =
        more || fewer ? parse_integer<unsigned>(std::string_view{text}.substr(1)) : std::nullopt;
    if (!change || *change > board::slots_max)
        return failed(errc::bad_value, "scale: N, +N, -N or MIN..MAX (1 to 256) is expected, not",
                      fmt::format("\"{}\"", text));
    const unsigned then = more ? now + *change : now - std::min(now, *change);
    if (then < 1 || then > board::slots_max)
        return failed(errc::bad_value, "scale to", std::to_string(then));
    return config::worker_count::exactly(then);
}

/// For the log and the timeline.
std::string who_asks(const asker& who)
{
    if (!who.known_as().empty())
        return std::string{who.known_as()};
    return who_connected(who.connection()) + " over the admin socket";
}

bool is_range(const config::worker_count& number) noexcept { return number.low() < number.high(); }

}  // namespace

struct desk::verb {
    std::string_view name;
    answering (desk::*run)(request, asker&);
};

const std::vector<desk::verb>& desk::verbs()
{
    static const std::vector<verb> all{
        {"ls", &desk::list},       {"show", &desk::show},   {"scale", &desk::scale},
        {"stop", &desk::stop},     {"drain", &desk::drain}, {"resume", &desk::resume},
        {"signal", &desk::signal}, {"send", &desk::send},   {"events", &desk::events},
        {"why", &desk::why},       {"dump", &desk::dump},
    };
    return all;
}

awaitable<answer> desk::handle(request what, asker& to)
{
    for (desk_verbs* const each : others_) {
        if (each->answers(what.verb)) {
            auto work = each->handle(std::move(what), to);
            co_return co_await std::move(work);
        }
    }
    const auto found = std::ranges::find(verbs(), what.verb, &verb::name);
    if (found == verbs().end())
        co_return wrong(fmt::format("this cohort knows no verb \"{}\"", what.verb));
    auto work = (this->*found->run)(std::move(what), to);
    co_return co_await std::move(work);
}

surveyed desk::around()
{
    return {.workers = with_.workers,
            .past = with_.past,
            .settings = with_.workers.current()->settings(),
            .stopping = with_.stopping()};
}

std::vector<slot_view> desk::seats_of(const request& what) const
{
    auto all = with_.workers.view();
    std::erase_if(all, [&](const slot_view& each) { return what.slot && each.slot != *what.slot; });
    return all;
}

result<std::vector<std::uint32_t>> desk::ids_of(const request& what) const
{
    std::vector<std::uint32_t> ids;
    for (const slot_view& each : seats_of(what)) {
        if (each.worker)
            ids.push_back(each.worker->id);
    }
    if (ids.empty())
        return failed(errc::no_such_worker, "find",
                      what.slot ? fmt::format("a worker in slot {}", *what.slot)
                                : std::string{"any worker"});
    return ids;
}

awaitable<answer> desk::list(request, asker&)
{
    json::object all = survey(around());
    co_return answer{exit_code::done, "", std::move(all)};
}

awaitable<answer> desk::show(request what, asker& to)
{
    if (!what.slot) {
        auto work = list(std::move(what), to);
        co_return co_await std::move(work);
    }
    auto words = survey_slot(around(), *what.slot);
    if (!words)
        co_return answer{exit_code::no_such_cohort,
                         fmt::format("{} has no slot {}", with_.settings.name, *what.slot)};
    co_return answer{exit_code::done, "", *std::move(words)};
}

awaitable<answer> desk::scale(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const json::value* const said = what.arguments.if_contains("to");
    if (said == nullptr || !said->is_string())
        co_return wrong("scale needs to know to how many");
    supervisor& all = with_.workers;
    const std::string text{said->as_string()};
    const unsigned before = all.wanted();
    const auto said_number = wanted_by(text, before);
    if (!said_number)
        co_return refusal(said_number.error());
    if (const auto begun = all.set_number(*said_number); !begun)
        co_return refusal(begun.error());
    log::info("{} workers wanted, {} before", said_number->text(), before);
    with_.past.note("scaled",
                    {{"from", before}, {"to", all.wanted()}, {"workers", said_number->text()}});

    const steady_time until = end_of(what);
    head_count seen = count(all.view());
    for (unsigned told = seen.serving; !seen.settled() && now() < until && !stopped(stop);) {
        co_await change_of(with_.workers, until);
        seen = count(all.view());
        if (std::exchange(told, seen.serving) != seen.serving)
            to.tell(progress{fmt::format("{} of {} workers serve", seen.serving, all.wanted())});
        if (all.number() != *said_number)
            co_return answer{
                exit_code::refused,
                fmt::format("somebody else wanted {} workers meanwhile", all.number().text()),
                numbers_of(seen, all)};
    }
    json::object numbers = numbers_of(seen, all);
    std::string words = fmt::format("{} of {} workers serve", seen.serving, all.wanted());
    if (is_range(*said_number))
        words += fmt::format(", {} by the load from now on", said_number->text());
    if (seen.held != 0)
        words += fmt::format(", {} held", seen.held);
    if (!seen.settled())
        co_return answer{exit_code::timed_out, words + ", it goes on", std::move(numbers)};
    if (seen.parked != 0) {
        words += fmt::format(", {} parked", plural(seen.parked, "slot"));
        co_return answer{exit_code::degraded, std::move(words), std::move(numbers)};
    }
    co_return answer{exit_code::done, std::move(words), std::move(numbers)};
}

awaitable<answer> desk::stop(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = end_of(what);
    const bool again = with_.stopping();
    const std::string by = who_asks(to);
    if (!again || flag(what, "now"))
        with_.stop(by);
    if (!again && flag(what, "now"))
        with_.stop(by);
    for (std::size_t told = SIZE_MAX; !with_.workers.empty() && now() < until && !stopped(stop);) {
        const std::size_t left = with_.workers.workers().size();
        if (std::exchange(told, left) != left)
            to.tell(progress{plural(left, "worker") + " left"});
        co_await change_of(with_.workers, until);
    }
    const auto forced = with_.workers.take_forced().size();
    if (!with_.workers.empty())
        co_return answer{exit_code::timed_out,
                         plural(with_.workers.workers().size(), "worker") + " still leaving"};
    json::object numbers{{"killed", forced}};
    std::string words = "stopped";
    if (forced != 0)
        words += fmt::format("; {} did not finish in time", plural(forced, "worker"));
    co_return answer{exit_code::done, std::move(words), std::move(numbers)};
}

awaitable<answer> desk::drain(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (!what.slot && flag(what, "all")) {
        auto work = drain_all(std::move(what), to);
        co_return co_await std::move(work);
    }
    if (!what.slot)
        co_return wrong("drain needs a slot, as in api.3, or to be told that all are meant");
    if (const auto begun = with_.workers.hold(*what.slot); !begun)
        co_return refusal(begun.error());
    const std::string who = slot_name(around(), *what.slot);
    const steady_time until = end_of(what);
    std::optional<stage> told;
    while (!stopped(stop)) {
        const auto seats = seats_of(what);
        const stage at = seats.empty() ? stage::gone : seats.front().now;
        if (at == stage::held) {
            std::string words = who + " is empty until it is resumed";
            if (const head_count left = count(with_.workers.view());
                left.serving == 0 && left.moving == 0)
            {
                log::warn("nobody serves any more: {} was the last slot with a worker; `cohort "
                          "resume` fills it again",
                          who);
                words += "; it was the last one: nobody serves any more";
            }
            co_return answer{exit_code::done, std::move(words)};
        }
        if (at != stage::withdrawing)
            co_return answer{exit_code::refused,
                             fmt::format("somebody else changed {}: it is {}", who, name(at))};
        if (now() >= until)
            co_return answer{exit_code::timed_out, who + " is still finishing; it goes on"};
        if (!std::exchange(told, at))
            to.tell(progress{who + " finishes what it has"});
        co_await change_of(with_.workers, until);
    }
    co_return answer{exit_code::timed_out, who + " is still finishing"};
}

awaitable<answer> desk::resume(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (!what.slot && flag(what, "all")) {
        auto work = resume_all(std::move(what), to);
        co_return co_await std::move(work);
    }
    if (!what.slot)
        co_return wrong("resume needs a slot, as in api.3, or to be told that all are meant");
    const std::string who = slot_name(around(), *what.slot);
    const steady_time until = end_of(what);
    bool begun = false;
    while (!stopped(stop)) {
        const auto seats = seats_of(what);
        const stage at = seats.empty() ? stage::gone : seats.front().now;
        if (at == stage::serving)
            co_return answer{exit_code::done, who + " serves"};
        if (begun && at == stage::parked)
            co_return answer{exit_code::degraded, who + " was parked again: `why` tells more"};
        if (!begun && at != stage::withdrawing) {
            const auto done = with_.workers.resume(*what.slot);
            if (!done && done.error().why() != errc::queue_full)
                co_return refusal(done.error());
            begun = done.has_value();
            if (begun)
                to.tell(progress{who + " starts"});
        }
        if (now() >= until)
            co_return answer{exit_code::timed_out, who + " does not serve yet; it goes on"};
        co_await change_of(with_.workers, until);
    }
    co_return answer{exit_code::timed_out, who + " does not serve yet"};
}

}  // namespace cohort::primary
