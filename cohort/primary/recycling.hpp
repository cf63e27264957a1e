#pragma once
// Which worker is replaced next although it lives, and when. An automaton: what workers have used,
// and what is under way, comes in as numbers.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/config/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cohort::primary {

/// In the order in which they are heeded: who is ill goes before who is worn.
enum class recycle_reason : std::uint8_t {
    stuck,     ///< a request runs for too long
    probe,     ///< it fails its probe
    asked,     ///< an operator wants it; it is well, and leaves in peace
    memory,    ///< it has too much
    requests,  ///< it has answered so many
    age,
};

/// It serves nobody any more, or not well.
[[nodiscard]] constexpr bool is_illness(recycle_reason why) noexcept
{
    return why <= recycle_reason::probe;
}

[[nodiscard]] const char* name(recycle_reason why) noexcept;

/// What one worker may use before it is replaced; 0: as much as it likes. A value.
struct allowance {
    std::uint64_t memory_bytes = 0;
    std::uint64_t requests = 0;
    nanoseconds age{0};

    /// With the jitter drawn: once for each worker, or two would come to it together after all.
    [[nodiscard]] static allowance draw(const config::recycle& of, random_source& dice);
};

/// What it has used. A value.
struct wear {
    std::uint64_t memory_bytes = 0;  ///< 0: not known
    std::uint64_t requests = 0;
    nanoseconds age{0};
};

/// Who is to be replaced. A value.
struct candidate {
    std::uint32_t worker = 0;  ///< its id
    std::uint32_t slot = 0;
    recycle_reason why = recycle_reason::asked;
    std::string words;  ///< with the figures
};

/// What is over its allowance; nothing: nothing is.
[[nodiscard]] std::optional<candidate> worn(const allowance& may, const wear& has);

/// The one queue of workers that are to be replaced while they live. A value.
///
/// A worker stands in it once, with its first reason, or a more urgent one that came later. It is
/// bounded by the number of workers.
class recycling {
public:
    /// True: it was not known yet.
    bool add(candidate who);
    /// Those that are gone are forgotten. `living`: ids, ascending.
    void keep_only(const std::vector<std::uint32_t>& living);

    /// Who is next, if fewer than `at_once` are out: it is out from now on.
    [[nodiscard]] std::optional<candidate> next(unsigned at_once);
    /// Its successor serves, or there is none: the next may go.
    void done(std::uint32_t worker);

    [[nodiscard]] std::size_t waiting() const noexcept { return queue_.size(); }
    [[nodiscard]] std::size_t out() const noexcept { return out_.size(); }

private:
    std::deque<candidate> queue_;
    std::map<std::uint32_t, recycle_reason> out_;  // by id
};

}  // namespace cohort::primary
