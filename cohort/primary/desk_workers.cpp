// What operators ask of workers, and about the past.

#include <cohort/primary/desk.hpp>

#include <cohort/primary/detail/requests.hpp>
#include <cohort/primary/end_words.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/process/exit_reason.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace detail;

namespace json = boost::json;

namespace {

constexpr std::size_t events_a_page = 64;
constexpr nanoseconds look_whether_gone = 5s;

json::object told(const std::vector<std::uint32_t>& ids)
{
    json::array list;
    for (const std::uint32_t each : ids)
        list.emplace_back(each);
    return {{"workers", std::move(list)}};
}

/// What ends may take of an answer.
constexpr std::size_t ends_bytes_max = std::size_t{3} << 20;
static_assert(ends_bytes_max < control::word_bytes_max);

}  // namespace

awaitable<answer> desk::signal(request what, asker&)
{
    const auto which = number(what, "number", 0);
    if (!which || *which < 1 || *which > SIGRTMAX)
        co_return wrong("signal needs the number of one");
    const auto ids = ids_of(what);
    if (!ids)
        co_return refusal(ids.error());
    if (*which == SIGABRT) {
        awaitable<> keep = keep_stacks(*ids);
        co_await std::move(keep);
    }
    std::vector<std::uint32_t> done;
    for (const std::uint32_t each : *ids) {
        if (const auto sent = with_.workers.kill(each, static_cast<int>(*which)); sent)
            done.push_back(each);
        else if (sent.error().why() != errc::no_such_worker)
            co_return refusal(sent.error());
    }
    const std::string name = process::signal_name(static_cast<int>(*which));
    co_return answer{exit_code::done,
                     fmt::format("{} sent to {}", name, plural(done.size(), "worker")), told(done)};
}

awaitable<answer> desk::send(request what, asker&)
{
    const json::value* const said = what.arguments.if_contains("message");
    if (said == nullptr)
        co_return wrong("send needs a message");
    const auto ids = ids_of(what);
    if (!ids)
        co_return refusal(ids.error());
    std::vector<std::uint32_t> done;
    std::string trouble;
    for (const std::uint32_t each : *ids) {
        auto words = ipc::message::json(*said);
        if (const auto sent = with_.workers.post().try_send(each, words); sent)
            done.push_back(each);
        else
            trouble = sent.error().text();
    }
    if (!trouble.empty())
        co_return answer{
            exit_code::refused,
            fmt::format("{} of {} got it: {}", done.size(), plural(ids->size(), "worker"), trouble),
            told(done)};
    co_return answer{exit_code::done, fmt::format("sent to {}", plural(done.size(), "worker")),
                     told(done)};
}

awaitable<answer> desk::why(request what, asker&)
{
    std::vector<slot_end> ends;
    std::vector<std::size_t> slot_of_end;
    json::array slots;
    std::uint64_t total = 0;
    for (std::uint32_t slot = 0; slot < board::slots_max; ++slot) {
        auto of_slot = with_.past.ends_of(slot);
        if ((what.slot && *what.slot != slot) || of_slot.empty())
            continue;
        json::object words{{"slot", slot}, {"name", slot_name(around(), slot)}};
        words["total"] = with_.past.ends_total(slot);
        words["ends"] = json::array{};
        total += with_.past.ends_total(slot);
        slots.emplace_back(std::move(words));
        slot_of_end.insert(slot_of_end.end(), of_slot.size(), slots.size() - 1);
        std::ranges::move(of_slot, std::back_inserter(ends));
    }
    if (slots.empty() && what.slot && seats_of(what).empty())
        co_return answer{exit_code::no_such_cohort,
                         fmt::format("{} has no slot {}", with_.settings.name, *what.slot)};
    auto told = words_of(ends, ends_bytes_max);
    for (std::size_t i = 0; i < told.size(); ++i)
        slots[slot_of_end[i]].at("ends").as_array().emplace_back(std::move(told[i]));
    json::object data{{"slots", std::move(slots)}};
    co_return answer{exit_code::done,
                     total == 0 ? std::string{"no worker has ended so far"}
                                : plural(total, "worker") + " ended so far",
                     std::move(data)};
}

awaitable<answer> desk::events(request what, asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto last = number(what, "last", 20);
    const auto from = number(what, "from", 0);
    if (!last || *last < 0 || !from || *from < 0)
        co_return wrong("events needs numbers that are not below 0");
    chronicle& past = with_.past;
    const auto back = std::min(static_cast<std::uint64_t>(*last), past.next() - 1);
    std::uint64_t next = *from != 0 ? static_cast<std::uint64_t>(*from) : past.next() - back;
    const bool follows = flag(what, "follow");
    std::uint64_t missed = 0;
    const auto waiting = [](chronicle& of) -> awaitable<result<>> {
        co_await of.growth();
        co_return result<>{};
    };
    while (!stopped(stop) && !to.gone()) {
        auto page = past.since(next, events_a_page);
        next = page.next;
        missed += page.missed;
        for (json::object& each : page.events) {
            if (what.slot && each.contains("slot") && each.at("slot") != json::value(*what.slot))
                continue;
            std::string text{each.at("event").as_string()};
            to.tell(progress{std::move(text), std::move(each)});
        }
        co_await to.heard();
        if (next < past.next())
            continue;
        if (!follows || past.closed())
            break;
        auto wait = waiting(past);
        static_cast<void>(co_await with_deadline(std::move(wait), look_whether_gone));
    }
    json::object numbers{{"next", next}, {"missed", missed}};
    co_return answer{exit_code::done,
                     missed == 0 ? std::string{} : plural(missed, "event") + " were forgotten",
                     std::move(numbers)};
}

}  // namespace cohort::primary
