// Operators look at the stacks of workers.

#include <cohort/primary/desk.hpp>

#include <cohort/primary/detail/requests.hpp>
#include <cohort/primary/examination.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace detail;

namespace json = boost::json;

namespace {

constexpr std::int64_t patience_ms = 1000;
constexpr std::int64_t patience_max_ms = 60'000;
constexpr nanoseconds patience_before_abort = 300ms;

}  // namespace

awaitable<answer> desk::dump(request what, asker&)
{
    const auto patience = number(what, "patience_ms", patience_ms);
    if (!patience || *patience < 1 || *patience > patience_max_ms)
        co_return wrong("dump waits from 1ms to 1min");
    const auto ids = ids_of(what);
    if (!ids)
        co_return refusal(ids.error());
    if (ids->size() != 1)
        co_return wrong("dump needs a slot, as in api.3");
    const worker_ptr who = with_.workers.workers().at(ids->front());
    const auto about = std::make_shared<examination>();
    awaitable<> look = about->look(who, milliseconds{*patience});
    co_await std::move(look);
    awaitable<> find = about->find_names();
    co_await std::move(find);
    const std::string name = slot_name(around(), who->slot());
    const std::size_t threads = about->seen().threads.size();
    if (threads == 0)
        co_return answer{
            exit_code::refused,
            fmt::format("{} cannot be looked at: it ends, or somebody else looks at it", name)};
    json::object one{{"slot", who->slot()}, {"name", name}};
    one["worker"] = who->id();
    one["pid"] = who->info().pid;
    one["threads"] = about->to_json();
    one["more_threads"] = about->seen().more;
    one["report"] = about->text();
    json::object data;
    data["slots"] = json::array{std::move(one)};
    co_return answer{exit_code::done,
                     fmt::format("{} (pid {}) has {}", name, who->info().pid,
                                 plural(threads + about->seen().more, "thread")),
                     std::move(data)};
}

/// ABRT ends a worker, as abort() does: its stacks are kept for `why`.
awaitable<> desk::keep_stacks(std::vector<std::uint32_t> ids)
{
    for (const std::uint32_t each : ids) {
        const auto found = with_.workers.workers().find(each);
        if (found == with_.workers.workers().end())
            continue;
        const worker_ptr who = found->second;
        const auto about = std::make_shared<examination>();
        awaitable<> look = about->look(who, patience_before_abort);
        co_await std::move(look);
        awaitable<> find = about->find_names();
        co_await std::move(find);
        if (!about->seen().threads.empty())
            with_.past.report(each, about->text());
    }
}

}  // namespace cohort::primary
