#pragma once
// One accept, and what its outcome asks of the caller.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>

namespace cohort::net {

/// What to do after accept(2) returned.
enum class accept_verdict : std::uint8_t {
    accepted,     ///< Here is a connection.
    empty,        ///< Nobody waits: wait for readiness.
    client_left,  ///< The client gave up first: accept again.
    exhausted,    ///< No descriptor or memory left: pause, the connection waits in the kernel.
    broken,       ///< The listener itself is bad: stop.
};

/// An accepted connection, or why there is none. A resource.
struct accept_outcome {
    accept_verdict verdict = accept_verdict::empty;
    unique_fd connection;  ///< Non-blocking, close-on-exec; valid when accepted.
    error_code why;        ///< The errno when exhausted or broken.
};

/// Accepts one connection from a non-blocking listener. On `exhausted` a level-triggered watch
/// would spin: unwatch the listener for a few milliseconds.
[[nodiscard]] accept_outcome accept_one(int listener) noexcept;

/// What an errno of accept4(2) asks for.
[[nodiscard]] accept_verdict weigh_accept_error(int error) noexcept;

}  // namespace cohort::net
