#pragma once
// What the witness asks, and when: decided by the seed alone, so that a run can be repeated.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::testing {

/// Kinds of requests. The server answers each with the body that belongs to the request's number.
enum class witness_kind : std::uint8_t {
    get,          ///< GET, answered at once, some hundred bytes.
    slow,         ///< GET whose handler takes its time.
    post,         ///< POST with a body: must not run twice. Half of them are slow.
    put,          ///< PUT with a body: may run again. Half of them are slow.
    pipeline,     ///< GETs sent at once, 2 to 8, without waiting for answers.
    large,        ///< GET answered with 100 KiB.
    stream,       ///< GET whose answer is produced piece by piece: cannot be continued.
    slow_reader,  ///< GET of 800 KiB, read in small bites with pauses.
    slow_writer,  ///< PUT whose bytes are sent in pieces, with pauses inside head and body.
};
inline constexpr std::size_t witness_kinds = 9;

/// "get", "slow_reader": as in options, tables and JSON.
[[nodiscard]] std::string_view name(witness_kind kind) noexcept;

/// May a server run it a second time without asking?
[[nodiscard]] constexpr bool is_replayable(witness_kind kind) noexcept
{
    return kind != witness_kind::post;
}

/// How often each kind is asked, by weight. A value.
struct witness_mix {
    std::array<std::uint32_t, witness_kinds> weights{};

    /// Only GETs.
    [[nodiscard]] static witness_mix plain();
    /// All kinds but `stream`, most of them GETs.
    [[nodiscard]] static witness_mix everything();
    /// "get=60,slow=10,post=10". Errors: errc::bad_value, unknown kinds and weights.
    [[nodiscard]] static result<witness_mix> parse(std::string_view text);

    std::uint32_t& operator[](witness_kind kind) noexcept
    {
        return weights[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint32_t operator[](witness_kind kind) const noexcept
    {
        return weights[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint64_t sum() const noexcept;
};

/// What is sent in one go: one request, or a burst of them. A value.
struct witness_item {
    witness_kind kind = witness_kind::get;
    std::uint32_t requests = 1;      ///< More than one: a pipelined burst.
    std::uint32_t answer_bytes = 0;  ///< Of each.
    std::uint32_t body_bytes = 0;    ///< Of the request. 0: none.
    milliseconds work{0};            ///< How long its handler takes.
    nanoseconds pause{0};            ///< How long the connection rests after the answer.
    bool fresh = false;              ///< On a new connection: the one before is closed first.
};

/// The items by their index. Pure: the same seed gives the same items, in any order of asking.
class witness_schedule {
public:
    struct plan {
        std::uint64_t seed = 1;
        witness_mix mix = witness_mix::plain();
        double pauses = 0.2;         ///< The share of items with a pause behind it.
        milliseconds pause_max{20};  ///< Pauses are evenly spread up to it.
        milliseconds work{20};       ///< Of slow requests, on average.
        double fresh = 0;            ///< The share of items that come on a new connection.
        std::uint32_t large_bytes = 100 * 1024;
    };

    /// `how.mix` has a weight that is not 0.
    explicit witness_schedule(const plan& how) noexcept;

    [[nodiscard]] witness_item at(std::uint64_t index) const noexcept;

    /// In an open loop of `rate` items a second: when it is due, from the start on.
    [[nodiscard]] static nanoseconds due(std::uint64_t index, double rate) noexcept;

private:
    plan plan_;
    std::uint64_t weights_;
};

}  // namespace cohort::testing
