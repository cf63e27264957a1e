#pragma once
// What is said over an admin socket. One connection carries one request: a line of JSON from the
// asker, then lines of progress, then one answer, after which the primary hangs up.
//
//     > {"cohort":1,"verb":"scale","slot":null,"budget_ms":60000,"arguments":{"to":"8"}}
//     < {"cohort":1,"progress":"5 of 8 workers serve","data":{"serving":5}}
//     < {"cohort":1,"exit":0,"reason":"8 workers serve","data":{"serving":8}}

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cohort::control {

/// Raised by any change that the other side would not understand.
inline constexpr std::int64_t protocol_version = 1;

/// Longest request, and longest line of an answer, with its newline.
inline constexpr std::size_t request_bytes_max = std::size_t{256} << 10;
inline constexpr std::size_t word_bytes_max = std::size_t{4} << 20;

/// How deep values may be nested.
inline constexpr std::size_t depth_max = 32;

inline constexpr milliseconds budget_max = std::chrono::hours{24};

/// How a verb ends; what the `cohort` command exits with.
enum class exit_code : std::uint8_t {
    done = 0,            ///< and verified
    usage = 1,           ///< the words of the request make no sense
    invalid = 2,         ///< configuration; nothing was changed
    rolled_back = 3,     ///< it failed, and what was before is there again
    timed_out = 4,       ///< the truth is not known yet
    degraded = 5,        ///< done as far as possible: some slots are parked
    no_such_cohort = 6,  ///< nor slot
    refused = 7,         ///< permission, busy
};

/// What somebody asks of a cohort. A value.
struct request {
    // Not an aggregate: it travels through co_await (GCC 12 rule).
    request() = default;
    explicit request(std::string asked)
        : verb{std::move(asked)}
    {}

    std::string verb;                   ///< 1 to 32 of a-z and '-'
    std::optional<std::uint32_t> slot;  ///< nothing: all of the app
    boost::json::object arguments;
    /// How long the asker waits. 0: for as long as it stays connected.
    milliseconds budget{60'000};
};

/// What is true so far. A value.
struct progress {
    progress() = default;
    explicit progress(std::string so_far, boost::json::object more = {})
        : text{std::move(so_far)}, data{std::move(more)}
    {}

    std::string text;
    boost::json::object data;
};

/// How it ended. A value.
struct answer {
    answer() = default;
    answer(exit_code how, std::string why, boost::json::object more = {})
        : code{how}, reason{std::move(why)}, data{std::move(more)}
    {}

    exit_code code = exit_code::done;
    std::string reason;  ///< one line, for people
    boost::json::object data;
};

/// A line from the primary.
using word = std::variant<progress, answer>;

/// As lines, with their newline.
[[nodiscard]] std::string encode(const request& what);
[[nodiscard]] std::string encode(const progress& what);
[[nodiscard]] std::string encode(const answer& what);

/// Reads a line without its newline. Strict: an unknown key, a type that is not the one above, or
/// another version is refused.
/// Errors: errc::malformed, with what is wrong; errc::not_supported, another version;
/// errc::too_large.
[[nodiscard]] result<request> decode_request(std::string_view line);
[[nodiscard]] result<word> decode_word(std::string_view line);

}  // namespace cohort::control
