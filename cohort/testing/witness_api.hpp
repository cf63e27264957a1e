#pragma once
// The server's end of a witness: paths whose answers it can check, and counts that outlive workers.

#include <cohort/base/error.hpp>
#include <cohort/http/router.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing/witness_report.hpp>

#include <memory>

namespace cohort::testing {

/// Routes below /witness, for any application that wants to be watched:
///
///     cohort::testing::witness_api watched;  // before the first fork: in main
///     watched.add_to(api);
///
///     GET  /witness/{number}?bytes=N            a plain function
///     GET  /witness/slow/{number}?bytes=N&ms=M  a coroutine that waits
///     GET  /witness/busy/{number}?bytes=N&ms=M  a compute lane, held for M milliseconds
///     GET  /witness/stream/{number}?bytes=N     a body in pieces
///     PUT  /witness/{number}?bytes=N            checks its body; may run again
///     POST /witness/{number}?bytes=N            checks its body; must not run twice
///     PUT, POST /witness/slow/{number}?bytes=N&ms=M  the same as coroutines that wait
///     GET  /witness/counts                      what was counted, as JSON
///     PUT  /witness/counts                      begins to count from 0
///
/// Each answer says Witness-Number, Witness-Attempt and Witness-Slot. The counts are in memory that
/// all workers forked later share, and that no death takes away. A handle: copies mean the same.
class witness_api {
public:
    /// Throws std::bad_alloc if there is no memory to share.
    witness_api();

    void add_to(http::routes& api) const;

    [[nodiscard]] witness_counts counts() const noexcept;
    void begin() const noexcept;

    struct table;

private:
    std::shared_ptr<table> table_;
};

/// Asks a server with these paths to begin counting from 0. Blocks, for some seconds at most.
/// Errors: errc::answer_failed; those of connect(2).
[[nodiscard]] result<> begin_witness_counts(const net::endpoint& server);

/// Asks it for its counts: a plan's `counts`.
[[nodiscard]] result<witness_counts> ask_witness_counts(const net::endpoint& server);

}  // namespace cohort::testing
