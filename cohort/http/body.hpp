#pragma once
// Bodies that are longer than memory should be: read and written piece by piece, the reader and
// the network setting the pace. The session implements both; handlers use them.

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>

#include <string_view>

namespace cohort::http {

/// A request's body as it arrives, for routes with `body_use::streamed`. A resource of the session.
class body_reader {
public:
    virtual ~body_reader() = default;

    /// The next piece, chunk framing already removed; an empty view means the body is complete.
    /// Nothing more is read from the network than the session's buffer holds: who reads slowly
    /// slows the client down.
    ///
    /// Errors:       errc::channel_closed, the client left in the middle; errc::too_large, the
    ///               body passed the route's `body_max`; errc::malformed, bad chunk framing;
    ///               errc::deadline_passed, the client is too slow. All are final.
    /// Cancel:       total.
    /// Lifetime:     the piece is valid until the next read() or the end of the handler.
    [[nodiscard]] virtual awaitable<result<std::string_view>> read() = 0;
};

/// A response's body as it is produced, see http::stream(). A resource of the session.
class body_writer {
public:
    virtual ~body_writer() = default;

    /// Sends one piece, and waits until the connection can take more: who reads slowly slows the
    /// producer down. An empty piece sends nothing.
    ///
    /// Errors:       errc::channel_closed, the client left; errc::deadline_passed, it stopped
    ///               reading; errc::stopping; errc::too_large, more than the length that the answer
    ///               announced (nothing of the piece was sent). The producer should return.
    /// Cancel:       total.
    /// Lifetime:     `piece` must stay put until the awaitable completes.
    [[nodiscard]] virtual awaitable<result<>> write(std::string_view piece) = 0;
};

}  // namespace cohort::http
