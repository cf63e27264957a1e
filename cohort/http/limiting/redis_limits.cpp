#include <cohort/http/limiting/redis_limits.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/sha1.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/client/circuit_breaker.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/limits_met.hpp>
#include <cohort/http/detail/redis_link.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

// The same arithmetic as limit_rule's, in microseconds of the server's own clock, so that machines
// need not agree on the time. Answers {admitted, remaining, microseconds until more}.
constexpr std::string_view script = R"(
local key, kind, limit, span = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if kind == 'window' then
  local count = tonumber(redis.call('GET', key) or '0')
  local left = redis.call('PTTL', key)
  if count == 0 or left < 0 then
    redis.call('SET', key, 1, 'PX', span)
    return {1, limit - 1, span * 1000}
  end
  if count >= limit then return {0, 0, left * 1000} end
  redis.call('INCR', key)
  return {1, limit - count - 1, left * 1000}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local whole = limit * span
local ahead = math.min(math.max(tonumber(redis.call('GET', key) or '0') - now, 0), whole)
local admitted = 0
if ahead + span <= whole then
  admitted = 1
  ahead = ahead + span
  redis.call('SET', key, string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
end
local remaining = math.floor((whole - ahead) / span)
return {admitted, remaining, ahead - (limit - remaining - 1) * span}
)";

/// By what Redis knows the script.
const std::string& script_name()
{
    static const std::string name = [] {
        const auto sum = crypto::sha1(script);
        return crypto::to_hex({sum.data(), sum.size()});
    }();
    return name;
}

std::vector<std::string> command_for(const limit_rule& by, std::string key)
{
    const limit_rule::measures& given = by.given();
    const auto window = static_cast<std::uint64_t>(given.window.count());
    std::vector<std::string> words{"EVALSHA", script_name(), "1", std::move(key)};
    if (given.kind == limit_kind::fixed_window) {
        words.insert(words.end(), {"window", std::to_string(given.limit), std::to_string(window)});
    } else {
        const std::uint64_t interval = (window * 1'000 + given.limit - 1) / given.limit;
        words.insert(words.end(), {"gcra", std::to_string(given.burst), std::to_string(interval)});
    }
    return words;
}

result<limit_ruling> ruling_from(const detail::redis_answer& said)
{
    using kind = detail::redis_answer::kind;
    if (said.is == kind::lost)
        return failed(errc::answer_failed, "count in Redis:", "the connection was lost");
    if (said.is == kind::error)
        return failed(errc::answer_failed, "count in Redis:", said.text);
    if (said.is != kind::numbers || said.numbers.size() != 3)
        return failed(errc::answer_failed, "count in Redis:", "no answer to this question");
    const auto in_range = [&](std::size_t i, std::int64_t most) {
        return std::clamp<std::int64_t>(said.numbers[i], 0, most);
    };
    constexpr std::int64_t us_max = std::chrono::microseconds{limit_rule::window_max}.count();
    return limit_ruling{.admitted = said.numbers[0] == 1,
                        .remaining = static_cast<std::uint64_t>(in_range(1, limit_rule::limit_max)),
                        .more_in = std::chrono::microseconds{in_range(2, us_max)}};
}

}  // namespace

struct redis_limits::inner {
    explicit inner(redis_options to)
        : where{std::move(to)},
          breaker{breaker_options{.failures_min = 1,
                                  .failed_share = 0.0,
                                  .open_for = where.pause,
                                  .open_ceiling = where.pause_max}}
    {}

    awaitable<result<limit_ruling>> ask(limit_rule by, std::string key)
    {
        const auto loop = co_await asio::this_coro::executor;
        auto link = current.lock();
        if (!link || !link->alive()) {
            auto made = detail::redis_link::connect(loop, where);
            if (!made)
                co_return std::unexpected(made.error());
            link = *made;
            current = link;
        }
        std::vector<std::string> words = command_for(by, std::move(key));
        ++asked;
        auto said = co_await link->ask(words, where.timeout);
        if (said && said->is == detail::redis_answer::kind::error &&
            said->text.starts_with("NOSCRIPT"))
        {
            words[0] = "EVAL";
            words[1] = script;
            ++asked;
            said = co_await link->ask(std::move(words), where.timeout);
        }
        if (!said)
            co_return std::unexpected(said.error());
        co_return ruling_from(*said);
    }

    void ended(const result<limit_ruling>& how)
    {
        using outcome = circuit_breaker::outcome;
        breaker.end(how ? outcome::success : outcome::failure, now());
        if (how && std::exchange(out, false))
            log::info("Redis counts limits again");
        if (!how && !std::exchange(out, true))
            log::error("{}; going on as configured, and asking again later", how.error().text());
    }

    redis_options where;
    circuit_breaker breaker;
    std::weak_ptr<detail::redis_link> current;
    std::uint64_t asked = 0;
    bool out = false;
};

redis_limits::redis_limits(redis_options where)
    : inner_{std::make_unique<inner>(std::move(where))}
{}

redis_limits::~redis_limits() = default;

std::uint64_t redis_limits::asked() const noexcept { return inner_->asked; }

awaitable<result<limit_ruling>> redis_limits::hit(limit_rule by, std::string key)
{
    if (!inner_->breaker.admit(now()))
        co_return failed(errc::answer_failed, "count in Redis:", "it was not there a moment ago");
    std::string named = inner_->where.prefix;
    const crypto::digest hashed = crypto::sha256(key);
    // Hashed: keys are bounded there, and tell nobody whose they are.
    named.append(crypto::to_hex(hashed.view()));
    auto made = co_await inner_->ask(by, std::move(named));
    inner_->ended(made);
    co_return made;
}

namespace {

/// One limit across machines.
struct far_limit {
    rate_limit_options choices;
    limit_rule rule;
    std::shared_ptr<redis_limits> in;
    limit_on_failure on_failure;
    date_clock dates = machine_clock();

    void count(std::atomic<std::uint64_t> limit_counts::* what) const noexcept
    {
        if (choices.counts)
            ((*choices.counts).*what).fetch_add(1, std::memory_order_relaxed);
    }
};

awaitable<response> admit(request& of, next go, std::shared_ptr<far_limit> limit)
{
    const auto key = limit->choices.key.of(of);
    if (key) {
        // A zero byte ends the name, so that no name and key are those of another.
        std::string whole = limit->choices.name + '\0' + *key;
        auto made = co_await limit->in->hit(limit->rule, std::move(whole));
        if (!made && limit->on_failure == limit_on_failure::refuse)
            co_return overloaded("requests cannot be counted now");
        if (made) {
            detail::limits_met& met = detail::limits_met_by(of);
            limit_statement told;
            told.name = limit->choices.name;
            told.policy = limit->rule.given();
            told.ruling = *made;
            told.form = limit->choices.forms;
            met.all.push_back(std::move(told));
            met.hits.push_back({.by = limit.get(), .key = 0});
            limit->count(made->admitted ? &limit_counts::admitted : &limit_counts::refused);
            if (!made->admitted) {
                response answer = limit_refusal(met.all.back());
                write_limit_fields(answer, met.all, limit->dates());
                co_return answer;
            }
        }
    }
    awaitable<response> rest = go(of);
    response answer = co_await std::move(rest);
    if (const detail::limits_met* const met = of.attached<detail::limits_met>())
        write_limit_fields(answer, met->all, limit->dates());
    co_return answer;
}

}  // namespace

onion rate_limit_across(rate_limit_options choices, std::shared_ptr<redis_limits> in,
                        limit_on_failure on_failure)
{
    const limit_rule rule = detail::checked_rule(choices.name, {.limit = choices.limit,
                                                                .window = choices.window,
                                                                .burst = choices.burst,
                                                                .kind = choices.kind});
    auto limit = std::make_shared<far_limit>(std::move(choices), rule, std::move(in), on_failure);
    return {.name = "rate_limit_across",
            .around = [limit](request& of, next go) { return admit(of, go, limit); }};
}

}  // namespace cohort::http
