#pragma once
// How a program goes on with a streamed answer whose worker died.

#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/request.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace cohort::http {

/// Where a streamed answer is to be continued. A value.
struct resume_point {
    /// Bytes of the body that the client has or will get without you: the next byte that you write
    /// is this one, counted from 0.
    std::uint64_t offset = 0;

    /// Bytes of the whole body, if the answer's head announced it.
    std::optional<std::uint64_t> length = {};
};

/// Continues a streamed answer after the death of the worker that began it: a coroutine that takes
/// `(const request&, resume_point, body_writer&)`. The request is the one that was answered, byte
/// for byte; attempt() is 2 or more. Head and framing are the server's business. If it throws, the
/// connection is cut, as with a producer. A value: copies share the function.
///
/// It is called for several requests at a time, so it must be callable when const; a coroutine
/// lambda may capture: the router keeps it for as long as requests run.
class resume_handler {
public:
    using function =
        std::move_only_function<awaitable<>(request&, resume_point, body_writer&) const>;

    /// None: such answers end with their worker.
    resume_handler() noexcept = default;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, resume_handler>)
    resume_handler(F&& call)
        : call_{std::make_shared<const function>(std::forward<F>(call))}
    {
        static_assert(
            std::is_invocable_r_v<awaitable<>, const std::decay_t<F>&, request&, resume_point,
                                  body_writer&>,
            "a resume handler returns cohort::task<> and is callable, when const, with "
            "cohort::http::request&, cohort::http::resume_point and cohort::http::body_writer&");
    }

    [[nodiscard]] explicit operator bool() const noexcept { return call_ != nullptr; }

    /// There must be one. Lifetime: all three, and this, until the awaitable completes.
    [[nodiscard]] awaitable<> operator()(request& of, resume_point from, body_writer& out) const
    {
        return (*call_)(of, from, out);
    }

private:
    std::shared_ptr<const function> call_;
};

}  // namespace cohort::http
