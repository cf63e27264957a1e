#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/body_budget.hpp>
#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/lease.hpp>
#include <cohort/http/outgoing.hpp>
#include <cohort/http/pace.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/server_options.hpp>
#include <cohort/http/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

class route;

/// What the successor of a dead process does with the request at hand in place of running it.
enum class fate : std::uint8_t { runs, outcome_unknown, killed_often, poison };

/// What is in the journal for a connection, as far as the journal cannot tell itself. A value.
struct journaled {
    board::standing now = board::standing::idle;
    board::standing next = board::standing::idle;  // once a private answer is given
    std::uint64_t out_base = 0;
    std::uint64_t composed = 0;   // behind the last byte that is in the output extent
    std::uint64_t answer = 0;     // where the answer at hand begins, if it is private
    bool private_answer = false;  // bytes of it are on their way, and not in the journal
    bool replayable = false;
    bool coroutine = false;
    bool until_close = false;
    bool strike = false;
    fate to_be = fate::runs;
    std::uint16_t attempt = 0;  // runs begun
    std::uint8_t crashes = 0;
    std::uint8_t kills = 0;
    std::uint8_t outside = 0;
    bool says_close = false;  // the head of the streamed answer at hand
    // Of a streamed answer that a successor may continue; none: it may not.
    board::stream_framing framing = board::stream_framing::none;
    std::uint16_t status = 0;
    std::uint64_t body_at = 0;  // the position of the body's first byte
    std::uint64_t body = 0;     // bytes of the body that are composed
    std::uint64_t length = 0;   // of the whole body, if announced

    [[nodiscard]] bool resumable() const noexcept
    {
        return now == board::standing::streaming && framing != board::stream_framing::none &&
               !private_answer;
    }
};

/// Whether the request at hand may be run, as far as other workers are concerned. A value.
struct trial {
    enum class stage : std::uint8_t {
        none,   ///< Like any other.
        asks,   ///< Not run before the answer.
        alone,  ///< A suspect: nobody else may run it.
    } now = stage::none;
    std::uint64_t fingerprint = 0;  ///< 0: not known yet.
};

/// The bytes of one request and of its answer, for as long as there are any. A resource.
///
/// A connection borrows a record when bytes arrive and gives it back when all is answered, so that
/// an idle one holds none and a busy worker works in the same few warm ones.
///
///     input:   | answered |  head  | body, taken | body, not yet | next requests |  free  |
///              0        begin              at                                   end   capacity
struct record {
    /// `input_bytes` 0: it gets a place in a journal when bytes come.
    record(const limits& bounds, std::size_t input_bytes);
    record(const record&) = delete;
    record& operator=(const record&) = delete;

    /// Everything of the request at hand and behind it.
    [[nodiscard]] std::string_view unanswered() const noexcept
    {
        return {input.get() + begin, end - begin};
    }
    /// What nobody has looked at yet.
    [[nodiscard]] std::string_view unread() const noexcept { return {input.get() + at, end - at}; }

    /// Fit for the next connection; keeps memory of ordinary size.
    void clear() noexcept;

    head top;
    head_parser parser;
    chunk_decoder decoder;
    violation why;

    input_place input;
    std::size_t capacity;
    std::size_t begin = 0;
    std::size_t at = 0;
    std::size_t end = 0;

    // With a journal: all of the request at hand stays where it came, from its first byte on, and
    // who needs more room finds another place for all of it.
    bool whole = false;
    const bool lasting;        // it has a journal
    std::uint32_t flight = 0;  // what the flight recorder calls it
    journaled kept;
    trial on;
    lease out;      // of `output`, what is in the journal
    lease retired;  // was `out`, until that is committed

    std::string body;             // what of a buffered body does not fit behind its head
    body_share held;              // of it and of `input`, what others could need
    std::string_view whole_body;  // in `input` or `body`, once it is complete
    pace body_pace;               // of the client, while it owes us a body

    pace answer_pace;                // of the client, while an answer waits for it
    std::uint64_t answer_taken = 0;  // bytes that it was seen to take meanwhile

    outgoing output;

    std::optional<request> asked;
    std::optional<response> answer;           // of a lane or a coroutine
    std::unique_ptr<connection_taker> taker;  // of who goes on once the 101 is sent
    const route* to = nullptr;
    steady_time started{};
    std::uint64_t answer_bytes = 0;
    std::optional<std::uint64_t> unwritten;  // of a streamed body with an announced length
    request_times times;                     // if somebody measures requests

private:
    void forget_journal() noexcept;
};

}  // namespace cohort::http
