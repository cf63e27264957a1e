#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/resume_handler.hpp>
#include <cohort/http/route_notes.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

class route;

/// What becomes of a request's body. unread: the handler does not look at it, so the answer can
/// go out at once (404, 405); the server discards it, or closes if it is long.
enum class body_use : std::uint8_t { buffered, streamed, unread };

/// Choices for one route: `api.get("/", handler, {.cpu_bound = true});`
struct route_options {
    /// Run the handler on a compute lane, since it computes for more than a millisecond or so.
    /// Plain functions only: a coroutine says `co_await offload(...)` around its heavy part.
    bool cpu_bound = false;

    /// buffered: request::body() is whole when the handler starts. streamed: it starts at once and
    /// reads request::stream(); coroutines only.
    body_use body = body_use::buffered;

    /// Bytes of body that are taken, in place of the server's limit; more is answered with 413.
    std::optional<std::size_t> body_max = std::nullopt;

    /// May the request run a second time if its worker died in the middle? Nothing: what the method
    /// says (RFC 9110, 9.2.2: all but POST, PATCH and CONNECT).
    std::optional<bool> replayable = std::nullopt;

    /// The handler heeds Idempotency-Key: a request that carries one may run a second time, too,
    /// whatever its method, unless `replayable` says no.
    bool idempotency_keys = false;

    /// Continues a streamed answer whose worker died in the middle; each piece of it is written
    /// down before it is sent. Without one, such an answer is cut.
    resume_handler resume = {};

    /// A coroutine handler still running after this is cancelled and answered with 503. 0: no
    /// limit. Coroutines only: a plain function cannot be stopped.
    std::chrono::nanoseconds deadline{0};

    /// For logs and metrics; empty means method and pattern.
    std::string name = {};

    /// What middleware and the documentation want to know of it.
    route_notes notes = {};
};

/// Says what is wrong with a route, if anything is: see routes::check. As a note of a route it is
/// asked about that one.
using route_check = std::move_only_function<std::optional<std::string>(const route&) const>;

/// How a route's handler is to be run.
enum class run_mode : std::uint8_t {
    in_line,    ///< run() on the event loop.
    lane,       ///< call() on a compute lane, between enter() and leave() on the event loop.
    coroutine,  ///< run_async() on the event loop.
};

/// One method and pattern with its handler and all middleware around it, outermost first. Owned by
/// a frozen router and never changed: any thread may read it.
class route {
public:
    struct parts {
        std::optional<method> verb;  // nothing: any
        std::string pattern;
        std::shared_ptr<const handler> answer;
        route_options options;
        std::vector<std::shared_ptr<const middleware>> around;
        std::vector<std::string> parameters;
        std::source_location where;
        std::shared_ptr<const error_observer> observer;
    };

    explicit route(parts from);

    [[nodiscard]] run_mode mode() const noexcept { return mode_; }

    /// Middleware and handler; errors have become answers. Modes in_line and lane.
    [[nodiscard]] response run(request& of) const noexcept;

    /// The parts of run(), for who calls the handler elsewhere. On the way in a middleware may
    /// answer; then that answer is whole, and nothing else is to be called.
    [[nodiscard]] std::optional<response> enter(request& of) const noexcept;
    /// The handler alone. Any thread.
    [[nodiscard]] response call(request& of) const noexcept;
    /// All middleware on the way out.
    void leave(const request& of, response& answer) const noexcept;

    /// The same as a coroutine, for every mode (a cpu_bound handler is offloaded). Throws only
    /// std::bad_alloc. Cancel: reaches the handler; total if the handler's is.
    /// Lifetime: `of` until the awaitable completes.
    [[nodiscard]] awaitable<response> run_async(request& of) const;

    [[nodiscard]] const route_options& options() const noexcept { return parts_.options; }

    /// The route's method, or nothing if it takes any.
    [[nodiscard]] std::optional<method> verb() const noexcept { return parts_.verb; }

    /// "/users/{id}", with the prefixes of its groups. Few different ones: fit for metrics.
    [[nodiscard]] const std::string& pattern() const noexcept { return parts_.pattern; }

    /// options().name, or "GET /users/{id}".
    [[nodiscard]] const std::string& name() const noexcept { return parts_.options.name; }

    /// What is noted about it, or null.
    template <class T>
    [[nodiscard]] const T* note() const noexcept
    {
        return parts_.options.notes.find<T>();
    }

    [[nodiscard]] const std::vector<std::string>& parameters() const noexcept
    {
        return parts_.parameters;
    }
    [[nodiscard]] const std::source_location& where() const noexcept { return parts_.where; }

    /// May a request with this method run twice?
    [[nodiscard]] bool replayable(method used) const noexcept;

    /// May this one, with its fields?
    [[nodiscard]] bool replayable(const request& of) const noexcept;

    /// For produce() in http/handler.hpp.
    [[nodiscard]] const error_observer& observer() const noexcept { return *parts_.observer; }

    /// The names of the middleware around it, outermost first.
    [[nodiscard]] std::vector<std::string> middleware_names() const;

private:
    friend class next;
    void leave(const request& of, response& answer, std::size_t entered) const noexcept;
    [[nodiscard]] awaitable<response> step(request& of, std::size_t at) const;
    [[nodiscard]] awaitable<response> call_handler(request& of) const;
    [[nodiscard]] awaitable<response> call_coroutine(request& of) const;
    [[nodiscard]] awaitable<result<response>> raced(request& of) const;

    parts parts_;
    run_mode mode_;
};

}  // namespace cohort::http
