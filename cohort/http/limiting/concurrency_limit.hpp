#pragma once

#include <cohort/http/limiting/limit_counts.hpp>
#include <cohort/http/limiting/limit_fields.hpp>
#include <cohort/http/limiting/limit_key.hpp>
#include <cohort/http/middleware.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cohort::http {

/// Choices for concurrency_limit(). A value.
struct concurrency_limit_options {
    /// As rate_limit_options::name has it; a name of rate_limit() is another limit.
    std::string name;

    /// Requests under way at a time, of each key: from before their handler to the end of their
    /// answer, streams to the end of the stream. 1 to 1'000'000.
    std::uint64_t limit = 8;

    limit_key key = limit_key::address();

    /// draft8, or nobody is told: the other forms have no words for it.
    limit_form forms = limit_form::draft8;

    /// Retry-After says 1 to so many seconds, by chance: nobody knows when a place will be free,
    /// and who was refused together shall not come back together.
    std::chrono::seconds retry_after_max{5};

    /// Keys that each worker can count at a time; 2 KiB each, of 96 MiB for everything that workers
    /// share, though memory is used by workers that there are. One more is let in uncounted.
    std::size_t keys = 512;

    /// Where to count. Null: nowhere.
    std::shared_ptr<limit_counts> counts = nullptr;
};

/// Refuses (429, Retry-After) requests of a key of which as many are under way as may be. Counted
/// once for the whole cohort, in memory that its workers share. Nobody waits for a place: a queue
/// would hold connections and memory for those who already have the most.
///
/// A place is free again when the answer is complete, the client has left, the handler has thrown,
/// or the worker has died. What a successor runs again is counted, and never refused: so after a
/// death there may be more, for as long as that takes. A stream that a `resume` handler goes on
/// with is not counted any more, nor is a connection once it has changed its protocol.
///
/// Throws cohort::failure (errc::bad_value) for a name or limit out of bounds.
[[nodiscard]] hooks concurrency_limit(concurrency_limit_options choices);

}  // namespace cohort::http
