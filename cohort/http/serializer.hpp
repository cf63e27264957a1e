#pragma once
// Writes answers: which framing fits, and the bytes of it. Appends to the caller's buffer.

#include <cohort/base/error.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/status.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohort::http {

/// How the end of an answer's body is marked.
enum class answer_framing : std::uint8_t { none, length, chunked, until_close };

/// What happens to the connection after the answer.
enum class persistence : std::uint8_t { keep, close };

/// What the framing of an answer depends on. A value.
struct answer_facts {
    status_code status = 200;
    method verb = method::get;
    std::uint8_t minor_version = 1;               ///< Of the request.
    persistence connection = persistence::close;  ///< keep: both sides want it.
    std::optional<std::uint64_t> length = {};     ///< Of the body; nothing: produced as we go.
};

/// What was decided about one answer's head. A value.
struct answer {
    status_code status = 200;
    std::uint8_t minor_version = 1;
    answer_framing framing = answer_framing::none;
    persistence connection = persistence::close;
    std::uint64_t length = 0;
    bool send_body = false;  ///< False for HEAD, and for statuses that have no body.
};

/// Content-Length if the length is known, else chunked, else (HTTP/1.0) until the connection
/// closes; nothing at all for 1xx, 204 and 304; Content-Length: 0 for 205; the fields of GET
/// without its body for HEAD.
[[nodiscard]] answer plan_answer(const answer_facts& facts) noexcept;

/// Appends a complete head: status line, Date (unless among `fields`), Connection if needed,
/// `fields` in their order, framing, empty line.
///
/// Fields that this function owns (Connection, Content-Length, Transfer-Encoding) are left out
/// when they occur among `fields`: framing has one author.
///
/// Errors: errc::bad_value, a name is no token or a value holds CR, LF, NUL or another control
///         character; `out` is as it was. Answer 500 instead: this is how headers are injected.
[[nodiscard]] result<> append_head(std::string& out, const answer& what,
                                   std::span<const field_view> fields);

/// The pieces of append_head, for callers whose fields live in another shape:
/// begin_head, append_field for each, end_head.
void begin_head(std::string& out, status_code status);
[[nodiscard]] result<> append_field(std::string& out, field_view field);
/// True for the fields that end_head writes itself.
[[nodiscard]] bool owned_by_serializer(std::string_view name) noexcept;
/// Tells end_head whether to write a Date.
enum class date_field : std::uint8_t { ours, theirs };
void end_head(std::string& out, const answer& what, date_field date = date_field::ours);

/// Appends `data` as one chunk. Nothing is written for no data: an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view data);

/// "1f4\r\n" for a gathering write: the size line of a chunk, to be followed by its data and
/// "\r\n".
struct chunk_prefix {
    explicit chunk_prefix(std::uint64_t size) noexcept;
    [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), length}; }
    std::array<char, 18> bytes;
    std::uint8_t length;
};

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The interim answer to Expect: 100-continue.
inline constexpr std::string_view continue_answer = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace cohort::http
