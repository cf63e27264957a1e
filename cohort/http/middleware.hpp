#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace cohort::http {

class route;

/// Something cheap to do before and after the handlers of a group, without a coroutine: routes
/// with plain handlers stay as fast as they are. A value that is moved.
struct hooks {
    /// For lists of routes and for messages.
    std::string name = {};

    /// May answer instead of the handler, and of the middleware further in. May be empty.
    std::move_only_function<std::optional<response>(request&) const> before = {};

    /// Sees, and may change, every answer to a request that `before` let pass: errors too. May be
    /// empty.
    std::move_only_function<void(const request&, response&) const> after = {};
};

/// The rest of the way to the handler: `auto answer = co_await go(request);`. A value.
class next {
public:
    next(const route& on, std::size_t step) noexcept
        : on_{&on}, step_{step}
    {}

    /// Runs it. Never throws: errors have become answers. At most once for one request.
    [[nodiscard]] awaitable<response> operator()(request& of) const;

private:
    const route* on_;
    std::size_t step_;
};

/// A coroutine around the handlers of a group: `task<response>(request&, next)`. Routes below it
/// run as coroutines too. It may call `next` or answer itself; what it throws becomes an answer.
struct onion {
    std::string name = {};
    std::move_only_function<awaitable<response>(request&, next) const> around = {};
};

using middleware = std::variant<hooks, onion>;

}  // namespace cohort::http
