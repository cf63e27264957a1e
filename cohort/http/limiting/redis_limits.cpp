#include <cohort/http/limiting/redis_limits.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/client/circuit_breaker.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/limits_met.hpp>
#include <cohort/http/detail/redis_link.hpp>
#include <cohort/http/detail/redis_script.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_budget.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

/// The numbers that were asked for. Errors: errc::answer_failed.
result<std::vector<std::int64_t>> numbers_from(detail::redis_answer said, std::size_t how_many)
{
    using kind = detail::redis_answer::kind;
    if (said.is == kind::lost)
        return failed(errc::answer_failed, "count in Redis:", "the connection was lost");
    if (said.is == kind::error)
        return failed(errc::answer_failed, "count in Redis:", std::move(said.text));
    if (said.is != kind::numbers || said.numbers.size() != how_many)
        return failed(errc::answer_failed, "count in Redis:", "no answer to this question");
    return std::move(said.numbers);
}

limit_ruling ruling_from(const std::vector<std::int64_t>& numbers)
{
    const auto in_range = [&](std::size_t i, std::int64_t most) {
        return std::clamp<std::int64_t>(numbers[i], 0, most);
    };
    constexpr std::int64_t us_max = std::chrono::microseconds{limit_rule::refill_max}.count();
    constexpr std::int64_t word_max = (std::int64_t{1} << limit_word_bits) - 1;
    return {.admitted = numbers[0] == 1,
            .remaining = static_cast<std::uint64_t>(in_range(1, limit_rule::limit_max)),
            .more_in = std::chrono::microseconds{in_range(2, us_max)},
            .next = static_cast<limit_word>(in_range(3, word_max))};
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

    awaitable<result<std::vector<std::int64_t>>> ask(const detail::redis_script& what,
                                                     std::string key,
                                                     std::vector<std::string> about,
                                                     std::size_t numbers)
    {
        const auto executor = co_await asio::this_coro::executor;
        auto link = current.lock();
        if (!link || !link->alive()) {
            // Not the coroutine's own executor, which works in its request's name. Our loops are
            // io_contexts.
            auto& context = asio::query(executor, asio::execution::context);
            auto& loop = static_cast<asio::io_context&>(context);
            auto made = detail::redis_link::connect(loop.get_executor(), where);
            if (!made)
                co_return std::unexpected(made.error());
            link = *made;
            current = link;
        }
        std::vector<std::string> words{"EVALSHA", what.name, "1", named(key)};
        words.insert(words.end(), std::move_iterator(about.begin()),
                     std::move_iterator(about.end()));
        ++asked;
        auto said = co_await link->ask(words, where.timeout);
        if (said && said->is == detail::redis_answer::kind::error &&
            said->text.starts_with("NOSCRIPT"))
        {
            words[0] = "EVAL";
            words[1] = what.text;
            ++asked;
            said = co_await link->ask(std::move(words), where.timeout);
        }
        if (!said)
            co_return std::unexpected(said.error());
        co_return numbers_from(std::move(*said), numbers);
    }

    /// Hashed: keys are bounded there, and tell nobody whose they are.
    [[nodiscard]] std::string named(std::string_view key) const
    {
        const crypto::digest hashed = crypto::sha256(key);
        return where.prefix + crypto::to_hex(hashed.view());
    }

    template <class T>
    void told(const result<T>& how)
    {
        using outcome = circuit_breaker::outcome;
        // Whoever asked has gone: nothing is known of the server.
        if (!how && how.error().why() == errc::cancelled) {
            breaker.end(outcome::unknown, now());
            return;
        }
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

namespace {

std::unexpected<fault> absent()
{
    return failed(errc::answer_failed, "count in Redis:", "it was not there a moment ago");
}

}  // namespace

redis_limits::redis_limits(redis_options where)
    : inner_{std::make_unique<inner>(std::move(where))}
{}

redis_limits::~redis_limits() = default;

std::uint64_t redis_limits::asked() const noexcept { return inner_->asked; }

bool redis_limits::connected() const noexcept
{
    const auto link = inner_->current.lock();
    return link && link->alive();
}

awaitable<result<limit_ruling>> redis_limits::hit(limit_rule by, std::string key)
{
    if (!inner_->breaker.admit(now()))
        co_return absent();
    std::vector<std::string> about = detail::words_of_hit(by);
    auto made = co_await inner_->ask(detail::hit_script(), std::move(key), std::move(about), 4);
    inner_->told(made);
    if (!made)
        co_return std::unexpected(std::move(made).error());
    co_return ruling_from(*made);
}

awaitable<result<>> redis_limits::give_back(limit_rule by, std::string key, limit_ruling hit)
{
    if (!inner_->breaker.admit(now()))
        co_return absent();
    std::vector<std::string> about = detail::words_of_give_back(by, hit);
    auto made =
        co_await inner_->ask(detail::give_back_script(), std::move(key), std::move(about), 1);
    inner_->told(made);
    if (!made)
        co_return std::unexpected(std::move(made).error());
    co_return result<>{};
}

namespace {

/// One limit across machines.
struct far_limit {
    rate_limit_options choices;
    limit_rule rule;
    std::shared_ptr<redis_limits> in;
    limit_on_failure on_failure;
    log::budget outage{1, std::chrono::minutes{1}};
    date_clock dates = machine_clock();

    /// A zero byte ends each part, so that no name and key are those of another; kinds write
    /// different things.
    [[nodiscard]] std::string name_of(std::string_view key) const
    {
        std::string whole =
            choices.name + '\0' + (rule.given().kind == limit_kind::gcra ? 'g' : 'w') + '\0';
        return whole += key;
    }

    [[nodiscard]] bool skips(const response& answer) const noexcept
    {
        const bool failed = answer.status() >= 400;
        return choices.skip == (failed ? limit_skip::failed : limit_skip::successful);
    }

    void count(std::atomic<std::uint64_t> limit_counts::* what) const noexcept
    {
        if (choices.counts)
            ((*choices.counts).*what).fetch_add(1, std::memory_order_relaxed);
    }
};

/// Leaves the limit's part of the answer, or is one; nothing if nobody can count.
std::optional<response> state(request& of, const limit_ruling& made, far_limit& limit)
{
    detail::limits_met& met = of.attachment<detail::limits_met>();
    limit_statement told;
    told.name = limit.choices.name;
    told.policy = limit.rule.given();
    told.ruling = made;
    told.form = limit.choices.forms;
    met.all.push_back(std::move(told));
    met.hits.push_back({.by = &limit, .key = 0});
    limit.count(made.admitted ? &limit_counts::admitted : &limit_counts::refused);
    if (made.admitted)
        return std::nullopt;
    ++kit_refusals::here().rate_limited;
    response answer = limit_refusal(met.all.back());
    write_limit_fields(answer, met.all, limit.dates());
    return answer;
}

/// What becomes of requests meanwhile, which is nothing that one would guess from a log.
void tell_outage(far_limit& of, const fault& why)
{
    if (why.why() == errc::cancelled)
        return;  // its client has left: that says nothing of Redis
    const auto silent = of.outage.take();
    if (!silent)
        return;
    const bool refuses = of.on_failure == limit_on_failure::refuse;
    log::error({{"limit", of.choices.name}, {"requests", *silent + 1}},
               "{}; requests {} until Redis counts again (limit_on_failure::{})", why.text(),
               refuses ? "are answered 503" : "pass uncounted", refuses ? "refuse" : "allow");
}

awaitable<response> admit(request& of, next go, std::shared_ptr<far_limit> limit)
{
    std::optional<limit_ruling> hit;
    std::string whole;
    if (const auto key = limit->choices.key.of(of)) {
        whole = limit->name_of(*key);
        auto made = co_await limit->in->hit(limit->rule, whole);
        if (!made)
            tell_outage(*limit, made.error());
        if (!made && limit->on_failure == limit_on_failure::refuse)
            co_return overloaded("requests cannot be counted now");
        if (made) {
            if (auto refused = state(of, *made, *limit))
                co_return std::move(*refused);
            hit = *made;
        }
    }
    awaitable<response> rest = go(of);
    response answer = co_await std::move(rest);
    if (const detail::limits_met* const met = of.attached<detail::limits_met>())
        write_limit_fields(answer, met->all, limit->dates());
    if (hit && limit->skips(answer)) {
        // The client waits for this: its next request shall find it done. If it fails, the hit
        // stays, and whoever looks after Redis has a line in the log.
        const auto given = co_await limit->in->give_back(limit->rule, std::move(whole), *hit);
        if (given)
            limit->count(&limit_counts::given_back);
    }
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
