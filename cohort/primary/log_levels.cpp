#include <cohort/primary/log_levels.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/primary/detail/requests.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace detail;

namespace json = boost::json;

namespace {

/// With one worker that hangs, while others may still say what they do.
constexpr nanoseconds answers_within = 1s;

static_assert(std::to_underlying(log::level::off) == board::said_levels::level_max);

std::optional<log::level> as_level(std::optional<std::uint8_t> number) noexcept
{
    return number ? std::optional{static_cast<log::level>(*number)} : std::nullopt;
}

std::optional<std::uint8_t> as_number(std::optional<log::level> level) noexcept
{
    return level ? std::optional{std::to_underlying(*level)} : std::nullopt;
}

/// It writes lines of ours, and hears us.
bool has_level(const worker_handle& who) noexcept
{
    return !who.is_stranger() && who.connected() && who.online_since().has_value();
}

log::level level_in(const generation& of)
{
    const auto text = config::name_of(of.settings().log.level);
    return log::parse_level(text).value_or(log::level::info);
}

/// Its level, by its own word; empty: it does not say.
awaitable<std::string> level_of(worker_ptr who, nanoseconds budget)
{
    auto question = ipc::letter(ipc::kind::log_level);
    auto work = who->calls().ask(std::move(question), budget);
    const result<ipc::envelope> said = co_await std::move(work);
    if (!said || !log::parse_level(said->body))
        co_return std::string{};
    co_return said->body;
}

}  // namespace

/// Those that its worker was born with.
log::level log_levels::by_settings(std::uint32_t slot) const
{
    const auto of = of_.generation_in(slot);
    return level_in(of != nullptr ? *of : *of_.current());
}

std::optional<log::level> log_levels::said_of(std::uint32_t slot) const
{
    return as_level(said_.in_slot(slot));
}

awaitable<> log_levels::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        if (const auto all = as_level(said_.of_all()))
            log::set_level(*all);  // a reload has us go by the settings
        co_await of_.change();
    }
}

/// It finds the word in shared memory, too; by this one it counts at once.
void log_levels::tell(worker_handle& who)
{
    const log::level what = said_of(who.slot()).value_or(by_settings(who.slot()));
    auto letter = ipc::letter(ipc::kind::log_level, std::string{log::name(what)});
    static_cast<void>(who.channel().try_send(letter));
}

void log_levels::take(std::optional<log::level> said, std::optional<std::uint32_t> slot)
{
    if (slot) {
        said_.say(*slot, as_number(said));
    } else {
        said_.say_of_all(as_number(said));
        log::set_level(said.value_or(level_in(*of_.current())));
    }
    for (const auto& [id, who] : of_.workers()) {
        if (has_level(*who) && (!slot || *slot == who->slot()))
            tell(*who);
    }
}

bool log_levels::answers(std::string_view verb) const noexcept { return verb == "log-level"; }

awaitable<answer> log_levels::handle(request what, asker&)
{
    const auto seats = of_.view();
    if (what.slot &&
        std::ranges::none_of(seats, [&](const slot_view& each) { return each.slot == *what.slot; }))
        co_return answer{exit_code::no_such_cohort, fmt::format("there is no slot {}", *what.slot)};
    const json::value* const said = what.arguments.if_contains("level");
    if (said != nullptr && !said->is_string())
        co_return wrong("log-level needs the name of one");
    if (said != nullptr) {
        const std::string text{said->as_string()};
        const auto level = log::parse_level(text);
        if (!level && text != "default")
            co_return wrong(level.error().text());
        take(level ? std::optional{*level} : std::nullopt, what.slot);
        log::info({{"log_level", text}}, "an operator changed which lines are written, {}",
                  what.slot ? fmt::format("in slot {}", *what.slot) : std::string{"in all slots"});
    }
    auto work = look_around(std::move(what));
    co_return co_await std::move(work);
}

/// What holds now, by the word of those that it is about.
awaitable<answer> log_levels::look_around(request what)
{
    std::vector<worker_ptr> asked;
    unsigned strangers = 0;
    for (const auto& [id, who] : of_.workers()) {
        if (what.slot && *what.slot != who->slot())
            continue;
        if (has_level(*who))
            asked.push_back(who);
        strangers += who->is_stranger() ? 1 : 0;
    }
    const steady_time until = end_of(what);
    json::array workers;
    std::string words;
    std::size_t silent = 0;
    for (const worker_ptr& who : asked) {
        const nanoseconds left = std::max<nanoseconds>(until - now(), 10ms);
        auto work = level_of(who, std::min(left, answers_within));
        const std::string level = co_await std::move(work);
        silent += level.empty() ? 1 : 0;
        const std::string_view shown = level.empty() ? std::string_view{"?"} : level;
        words += fmt::format("{}{}: {}", words.empty() ? "" : ", ", who->slot(), shown);
        json::object one{{"slot", who->slot()}, {"worker", who->id()}};
        if (level.empty())
            one["level"] = nullptr;
        else
            one["level"] = level;
        workers.emplace_back(std::move(one));
    }
    json::object data{{"primary", log::name(log::least_level())}};
    data["workers"] = std::move(workers);
    if (asked.empty() && strangers != 0)
        co_return answer{exit_code::refused,
                         "the workers are another program, which has levels of its own",
                         std::move(data)};
    if (words.empty())
        words = "no worker is there now; the next one hears of it";
    else if (!what.slot)
        words = fmt::format("primary: {}, slots {}", log::name(log::least_level()), words);
    else
        words = "slot " + words;
    if (silent != 0)
        co_return answer{exit_code::timed_out,
                         fmt::format("{} ({} did not confirm)", words, plural(silent, "worker")),
                         std::move(data)};
    co_return answer{exit_code::done, std::move(words), std::move(data)};
}

}  // namespace cohort::primary
