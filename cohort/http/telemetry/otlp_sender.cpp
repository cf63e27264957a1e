#include <cohort/http/telemetry/otlp_sender.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/version.hpp>
#include <cohort/http/encoder.hpp>
#include <cohort/http/json.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace cohort::http {

namespace {

/// Longer than batches are apart, usually.
constexpr nanoseconds idle = seconds{60};

client_options options_for(const observe::otlp_target& to)
{
    client_options how;
    how.connections_per_origin = how.connections_max = 1;
    how.idle = idle;
    how.connect = how.first_byte = how.total = to.timeout;
    how.response_bytes_max = otlp_sender::response_bytes_max;
    how.retry.attempts_max = 1;  // by other rules than the client's: otlp_retry
    how.breaker.failures_min = std::numeric_limits<unsigned>::max();
    how.user_agent = fmt::format("cohort-otlp-http-json/{}", version());
    return how;
}

}  // namespace

otlp_sender::otlp_sender(observe::otlp_target to, nanoseconds pause_first)
    : to_{std::move(to)}, pause_first_{pause_first}, client_{options_for(to_)}
{
    check_headers();
}

/// Those that cannot be sent are left out: better than nothing.
void otlp_sender::check_headers()
{
    client_request trial{method::post, to_.address};
    std::erase_if(to_.headers, [&](const auto& each) {
        try {
            trial.header(each.first, each.second);
            return false;
        } catch (const failure& wrong) {
            log::warn("a header for the collector is left out: {}", wrong.why().doing());
            return true;
        }
    });
}

client_request otlp_sender::request_of(std::string document) const
{
    client_request ask{method::post, to_.address};
    for (const auto& [name, value] : to_.headers)
        ask.header(name, value);
    if (to_.compression == observe::otlp_compression::gzip) {
        if (auto small = encode(coding::gzip, document)) {
            document = std::move(*small);
            ask.header("Content-Encoding", "gzip");
        }
    }
    ask.body(std::move(document), "application/json");
    return ask;
}

awaitable<bool> otlp_sender::send(std::string document, std::size_t items, nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + budget;
    const client_request ask = request_of(std::move(document));
    otlp_retry rule{pause_first_};
    while (!stopped(stop)) {
        ++counters_.requests;
        counters_.bytes += ask.bytes().size();
        client_request once = ask;
        once.within(std::max<nanoseconds>(until - now(), milliseconds{1}));
        const auto answer = co_await client_.send(std::move(once));
        if (stopped(stop))
            break;
        std::string problem;
        const otlp_retry::verdict verdict = weigh(answer, rule, problem);
        if (verdict.what == otlp_retry::then::done) {
            taken(items, answer->body());
            co_return true;
        }
        const bool in_time = now() + verdict.pause < until;
        if (verdict.what == otlp_retry::then::drop || !in_time) {
            const bool refused = verdict.what == otlp_retry::then::drop;
            lost(refused ? counters_.refused : counters_.given_up, items, problem);
            co_return true;
        }
        co_await sleep_for(verdict.pause);
        ++counters_.retries;
    }
    co_return false;
}

otlp_retry::verdict otlp_sender::weigh(const result<client_response>& answer, otlp_retry& rule,
                                       std::string& problem) const
{
    if (!answer) {
        problem = answer.error().text();
        return rule.failed(answer.error().why());
    }
    problem = fmt::format("it answered {}", answer->status());
    return rule.answered(answer->status(), answer->retry_after());
}

void otlp_sender::taken(std::size_t items, std::string_view answer)
{
    const std::uint64_t rejected = std::min<std::uint64_t>(otlp_rejected(answer), items);
    counters_.rejected += rejected;
    counters_.delivered += items - rejected;
    if (std::exchange(fails_, false))
        log::info("the collector at {} takes what we send again",
                  observe::shown_address(to_.address));
}

void otlp_sender::lost(std::uint64_t& as, std::size_t items, std::string_view problem)
{
    as += items;
    if (!std::exchange(fails_, true))
        log::warn("the collector at {} takes nothing: {}; what it does not take in time is dropped "
                  "and counted",
                  observe::shown_address(to_.address), problem);
}

std::uint64_t otlp_rejected(std::string_view answer) noexcept
{
    const auto read = parse_json(answer);
    const auto* const all = read ? read->if_object() : nullptr;
    const auto* const partial = all != nullptr ? all->if_contains("partialSuccess") : nullptr;
    if (partial == nullptr || !partial->is_object())
        return 0;
    for (const auto& [key, value] : partial->get_object()) {
        if (!key.starts_with("rejected"))
            continue;
        // 64 bits, so a string; but numbers are read as well.
        if (const auto* const text = value.if_string())
            return parse_integer<std::uint64_t>(std::string_view{*text}).value_or(0);
        if (const auto* const number = value.if_int64(); number != nullptr && *number > 0)
            return static_cast<std::uint64_t>(*number);
    }
    return 0;
}

}  // namespace cohort::http
