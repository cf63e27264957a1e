#include <cohort/http/client/detail/call.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/client/detail/call_span.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cohort::http::detail {

namespace {

using outcome_kind = attempt_outcome::kind;
using ending = circuit_breaker::outcome;

std::string head_of(const client_state& of, const client_request& what, const url& to,
                    steady_time until, const observe::trace_context& trace)
{
    std::string head =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", text(what.verb()), to.target, to.authority());
    field_lines ours;  // which refuse what would be another line
    if (!of.options.user_agent.empty() && !what.fields().find("User-Agent"))
        ours.add("User-Agent", of.options.user_agent);
    if (!of.options.deadline_header.empty()) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - now());
        ours.add(of.options.deadline_header, std::to_string(left.count()));
    }
    head += ours.wire();
    const bool has_body = what.verb() == method::post || what.verb() == method::put ||
                          what.verb() == method::patch || !what.bytes().empty();
    if (has_body)
        head += fmt::format("Content-Length: {}\r\n", what.bytes().size());
    head += what.fields().wire();
    append_trace(head, trace);
    return head += "\r\n";
}

/// Request out, head of the answer in.
awaitable<result<client_head>> exchange_heads(connection& over, std::string_view head,
                                              std::string_view body, method verb,
                                              std::size_t head_bytes_max)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    auto sent = co_await over.write(head, body);
    if (stopped(stop))
        co_return failed(errc::cancelled, "send a request");
    // A server that refuses a body may close before all of it was sent, and still say why.
    auto answer = co_await over.read_head(verb, head_bytes_max);
    if (!answer && !sent)
        co_return std::unexpected(std::move(sent).error());
    co_return answer;
}

/// Is a server to blame that did not do it in `budget`? Not if the caller had hardly any time left:
/// a few such callers would open the circuit for all.
bool is_fair(nanoseconds budget, nanoseconds usual) noexcept
{
    return budget >= std::min<nanoseconds>(usual, seconds{1});
}

/// One attempt, and how it ended.
struct attempt {
    attempt(std::shared_ptr<client_state> by, const client_request& asked, url where,
            steady_time end)
        : of{std::move(by)}, what{asked}, to{std::move(where)}, until{end}
    {}

    [[nodiscard]] nanoseconds left() const { return std::max(until - now(), nanoseconds{0}); }

    awaitable<result<connection_lease>> connect(freshness which)
    {
        const auto pool = co_await pool_here(of);
        auto lease = co_await connection_pool::take(pool, to.origin(), which, left());
        how.what = outcome_kind::not_sent;
        if (!lease || lease->is_open())
            co_return lease;
        tls_trust* trust = nullptr;
        if (to.how == url::scheme::https) {
            const auto loaded = of->trust();
            if (!loaded)
                co_return std::unexpected(loaded.error());
            trust = *loaded;
        }
        const auto stop = co_await asio::this_coro::cancellation_state;
        const nanoseconds budget = std::min(of->options.connect, left());
        auto opened = co_await connection::open(pool->loop(), to, trust, budget);
        if (!opened) {
            blame = !stopped(stop) && is_fair(budget, of->options.connect);
            co_return std::unexpected(std::move(opened).error());
        }
        ++of->counters->connections_opened;
        lease->opened(std::move(*opened));
        co_return lease;
    }

    awaitable<result<std::unique_ptr<call_in_flight>>> run(wanted how_much, std::string& body)
    {
        auto breaker = of->breaker(to.origin());
        if (!breaker->admit(of->options.clock())) {
            ++of->counters->refused_by_breaker;
            how.what = outcome_kind::misunderstood;  // no point in asking again now
            co_return failed(errc::circuit_open, "call", to.origin());
        }
        admission admitted{std::move(breaker), of->options.clock};
        auto call = co_await begin(admitted);
        if (!call) {
            if (blame)
                admitted.end(ending::failure);
            co_return call;
        }
        how = {outcome_kind::answered, (*call)->head().status(), (*call)->head().retry_after()};
        if (how_much == wanted::head)
            co_return call;
        auto all = co_await (*call)->read_all();
        if (!all) {
            how.what = all.error().why() == errc::channel_closed ? outcome_kind::broken
                                                                 : outcome_kind::misunderstood;
            co_return std::unexpected(std::move(all).error());
        }
        body = std::move(*all);
        co_return call;
    }

    awaitable<result<std::unique_ptr<call_in_flight>>> begin(admission& admitted)
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        freshness which = freshness::any;
        for (;;) {
            auto lease = co_await connect(which);
            if (!lease)
                co_return std::unexpected(std::move(lease).error());
            const std::string head = head_of(*of, what, to, until, trace);
            auto work = exchange_heads(**lease, head, what.bytes(), what.verb(),
                                       of->options.head_bytes_max);
            const nanoseconds budget = std::min(of->options.first_byte, left());
            auto answer = co_await with_deadline(std::move(work), budget);
            if (answer)
                co_return std::make_unique<call_in_flight>(
                    of, std::move(*lease), std::move(admitted), std::move(*answer), until);
            if (stopped(stop))
                co_return failed(errc::cancelled, "wait for an answer");
            const error_code why = answer.error().why();
            // The server closed it while our request was on its way: a new one, once.
            const bool stale = lease->reused() && !(*lease)->heard() &&
                               why == errc::channel_closed &&
                               what.is_repeatable() == repeatable::yes;
            if (stale && which == freshness::any) {
                ++of->counters->connections_stale;
                which = freshness::fresh;
                continue;
            }
            blame = why != errc::deadline_passed || is_fair(budget, of->options.first_byte);
            const bool nonsense = why == errc::malformed || why == errc::too_large;
            how.what = nonsense ? outcome_kind::misunderstood : outcome_kind::broken;
            co_return std::unexpected(std::move(answer).error());
        }
    }

    std::shared_ptr<client_state> of;
    const client_request& what;
    url to;
    steady_time until;
    observe::trace_context trace{};  // what the server is told to be part of
    attempt_outcome how{outcome_kind::not_sent};
    bool blame = false;  // the server is to blame for what went wrong
};

awaitable<result<call_answer>> attempt_all(std::shared_ptr<client_state> of,
                                           const client_request& what, url to, steady_time until,
                                           wanted how_much)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    retry_rule rule{of->options.retry, what.is_repeatable()};
    of->retries.earn();
    for (;;) {
        if (now() >= until)
            co_return failed(errc::deadline_passed, "call", to.origin());
        attempt one{of, what, to, until};
        call_span span{what, to, rule.attempts()};
        one.trace = span.context();
        std::string body;
        auto call = co_await one.run(how_much, body);
        if (call)
            span.answered((*call)->head().status());
        else
            span.failed(call.error());
        const auto pause = stopped(stop) ? std::nullopt : rule.after(one.how);
        bool again = pause && *pause < one.left();
        if (again && !of->retries.spend()) {
            ++of->counters->retries_over_budget;
            again = false;
        }
        if (!again) {
            if (!call)
                co_return std::unexpected(std::move(call).error());
            call_answer answer{std::move(*call)};
            answer.body = std::move(body);
            co_return answer;
        }
        ++of->counters->retries;
        if (call)
            call->reset();
        co_await sleep_for(*pause);
        if (stopped(stop))
            co_return failed(errc::cancelled, "wait before another attempt");
    }
}

/// Where an answer sends us, if we go there.
std::optional<url> redirect_of(const client_state& of, const client_request& what,
                               const client_head& head, const url& from)
{
    const bool asks = what.verb() == method::get || what.verb() == method::head;
    const unsigned status = head.status();
    const bool sends =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    const auto location = head.header("Location");
    if (of.options.redirects != redirects::same_origin || !asks || !sends || !location)
        return std::nullopt;
    const bool is_path = location->starts_with('/') && !location->starts_with("//");
    auto to = parse_url(is_path ? from.origin() + std::string{*location} : std::string{*location});
    if (!to || to->origin() != from.origin())
        return std::nullopt;
    return std::move(*to);
}

steady_time end_of(const client_state& of, const client_request& what)
{
    const nanoseconds budget = std::min(what.budget().value_or(of.options.total), of.options.total);
    const steady_time end = now() + budget;
    return std::min(what.deadline().value_or(end), end);
}

void count_failure(client_counters& counters, const error_code& why)
{
    ++counters.failed;
    if (why == errc::deadline_passed)
        ++counters.timed_out;
    if (why == errc::too_large)
        ++counters.too_large;
}

}  // namespace

std::shared_ptr<circuit_breaker> client_state::breaker(const std::string& origin)
{
    if (const auto found = breakers.find(origin); found != breakers.end())
        return found->second;
    if (breakers.size() >= std::max<std::size_t>(options.origins_max, 1)) {
        const auto closed = std::ranges::find_if(breakers, [](const auto& each) {
            return each.second->is() == circuit_breaker::state::closed;
        });
        breakers.erase(closed == breakers.end() ? breakers.begin() : closed);
    }
    return breakers.emplace(origin, std::make_shared<circuit_breaker>(options.breaker))
        .first->second;
}

result<tls_trust*> client_state::trust()
{
    if (!trusted) {
        auto loaded = tls_trust::load(options.ca_file);
        if (!loaded)
            return std::unexpected(std::move(loaded).error());
        trusted = std::move(*loaded);
    }
    return trusted.get();
}

awaitable<result<std::string_view>> call_in_flight::read()
{
    if (complete_)
        co_return std::string_view{};
    auto work = lease_->read_body();
    auto piece = co_await with_deadline(std::move(work), std::max(until_ - now(), nanoseconds{0}));
    if (piece && bytes_ + piece->size() > state_->options.response_bytes_max)
        piece = failed(errc::too_large, "read an answer");
    if (!piece) {
        // Too long for us, or too slow for our caller, says nothing about others' calls.
        const error_code why = piece.error().why();
        const bool theirs = why == errc::channel_closed || why == errc::malformed;
        admitted_.end(theirs ? ending::failure : ending::unknown);
        lease_.close();
        complete_ = true;
        co_return piece;
    }
    bytes_ += piece->size();
    if (piece->empty()) {
        complete_ = true;
        const bool broken = head_.status() >= 500 && head_.status() != 501;
        admitted_.end(broken ? ending::failure : ending::success);
        if (lease_->reusable())
            lease_.give_back();
        else
            lease_.close();
    }
    co_return piece;
}

awaitable<result<std::string>> call_in_flight::read_all()
{
    std::string all;
    for (;;) {
        const auto piece = co_await read();
        if (!piece)
            co_return std::unexpected(piece.error());
        if (piece->empty())
            co_return all;
        all += *piece;
    }
}

awaitable<std::shared_ptr<connection_pool>> pool_here(std::shared_ptr<client_state> of)
{
    const auto executor = co_await asio::this_coro::executor;
    auto& context = asio::query(executor, asio::execution::context);
    // Not the coroutine's own executor: that ends with its request. Our loops are io_contexts.
    auto& loop = static_cast<asio::io_context&>(context);
    auto& pools = asio::use_service<connection_pools>(loop);
    co_return pools.of(of, loop.get_executor(), of->options, of->counters);
}

awaitable<result<call_answer>> carry_out(std::shared_ptr<client_state> of, client_request what,
                                         wanted how_much)
{
    client_counters& counters = *of->counters;
    ++counters.calls;
    auto to = parse_url(what.address());
    if (!to) {
        ++counters.failed;
        co_return std::unexpected(std::move(to).error());
    }
    const steady_time until = end_of(*of, what);
    for (unsigned i = 0;; ++i) {
        auto answer = co_await attempt_all(of, what, *to, until, how_much);
        if (!answer) {
            count_failure(counters, answer.error().why());
            co_return answer;
        }
        auto next = redirect_of(*of, what, answer->call->head(), *to);
        if (!next || i >= of->options.redirects_max) {
            ++counters.answered;
            co_return answer;
        }
        ++counters.redirects_followed;
        *to = std::move(*next);
    }
}

}  // namespace cohort::http::detail
