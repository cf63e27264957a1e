#pragma once

#include <cohort/http/client/circuit_breaker.hpp>
#include <cohort/http/client/client_message.hpp>
#include <cohort/http/client/client_options.hpp>
#include <cohort/http/client/detail/connection_pool.hpp>
#include <cohort/http/client/retry_rule.hpp>
#include <cohort/http/client/url.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace cohort::http::detail {

/// What the copies of a client share. Of one event loop at a time.
struct client_state {
    explicit client_state(client_options chosen)
        : options{std::move(chosen)}, counters{std::make_shared<client_counters>()}
    {}

    /// The one of that origin. The table is bounded: closed ones are forgotten first.
    [[nodiscard]] std::shared_ptr<circuit_breaker> breaker(const std::string& origin);

    /// Loaded when it is needed. Errors: errc::bad_value.
    [[nodiscard]] result<tls_trust*> trust();

    client_options options;
    std::shared_ptr<client_counters> counters;
    retry_budget retries;
    std::map<std::string, std::shared_ptr<circuit_breaker>, std::less<>> breakers;
    std::unique_ptr<tls_trust> trusted;
};

/// Lets a call through a circuit breaker, and tells it how it ended. A resource.
class admission {
public:
    admission(std::shared_ptr<circuit_breaker> by, steady_time (*clock)() noexcept) noexcept
        : by_{std::move(by)}, clock_{clock}
    {}
    admission(admission&&) noexcept = default;
    admission& operator=(admission&&) = delete;
    ~admission() { end(circuit_breaker::outcome::unknown); }

    /// Once.
    void end(circuit_breaker::outcome how) noexcept
    {
        if (const auto by = std::exchange(by_, nullptr))
            by->end(how, clock_());
    }

private:
    std::shared_ptr<circuit_breaker> by_;
    steady_time (*clock_)() noexcept;
};

/// One request whose answer has begun. A resource.
class call_in_flight {
public:
    call_in_flight(std::shared_ptr<client_state> of, connection_lease over, admission by,
                   client_head head, steady_time until) noexcept
        : state_{std::move(of)},
          lease_{std::move(over)},
          admitted_{std::move(by)},
          head_{std::move(head)},
          until_{until}
    {}

    [[nodiscard]] const client_head& head() const noexcept { return head_; }

    /// The next piece of the body; empty: that was all. See client_stream::read().
    [[nodiscard]] awaitable<result<std::string_view>> read();

    /// The rest of it.
    [[nodiscard]] awaitable<result<std::string>> read_all();

private:
    std::shared_ptr<client_state> state_;
    connection_lease lease_;
    admission admitted_;
    client_head head_;
    steady_time until_;
    std::uint64_t bytes_ = 0;
    bool complete_ = false;
};

/// How much of an answer is waited for.
enum class wanted : std::uint8_t { head, whole };

/// What came of a request: `call` for its head and its body, `body` if the whole was wanted.
struct call_answer {
    explicit call_answer(std::unique_ptr<call_in_flight> begun) noexcept
        : call{std::move(begun)}
    {}
    std::unique_ptr<call_in_flight> call;
    std::string body;
};

/// Sends it until it is answered, or there is no point in it any more; follows redirects.
[[nodiscard]] awaitable<result<call_answer>> carry_out(std::shared_ptr<client_state> of,
                                                       client_request what, wanted how_much);

/// The pool of this coroutine's loop.
[[nodiscard]] awaitable<std::shared_ptr<connection_pool>>
pool_here(std::shared_ptr<client_state> of);

}  // namespace cohort::http::detail
