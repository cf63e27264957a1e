#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>

#include <cstdint>
#include <optional>

namespace cohort::http {

/// How often a request is sent, and after which pauses. A value.
struct retry_options {
    /// 1: never again.
    unsigned attempts_max = 3;
    nanoseconds pause_first = milliseconds{100};
    nanoseconds pause_ceiling = seconds{2};

    /// A server that asks for a longer pause is not asked again.
    nanoseconds retry_after_max = seconds{10};
};

/// How an attempt ended. A value.
struct attempt_outcome {
    enum class kind : std::uint8_t {
        answered,       ///< With `status`.
        not_sent,       ///< No connection: the server has seen nothing of it.
        broken,         ///< Cut, or no answer in time: it may have run.
        misunderstood,  ///< The answer breaks the rules, or is too long: it will again.
    };
    kind what;
    unsigned status = 0;
    std::optional<nanoseconds> retry_after = {};
};

/// May this request be sent again with its method and its body?
enum class repeatable : std::uint8_t { no, yes };

/// Decides whether a request is sent once more. An automaton without a clock. A value.
///
/// What the server has not seen is sent again in any case; what it may have run only if doing it
/// twice is like doing it once; 502, 503 and 504 likewise.
class retry_rule {
public:
    retry_rule(const retry_options& options, repeatable twice,
               random_source dice = random_source::from_kernel()) noexcept
        : options_{options},
          twice_{twice},
          pauses_{options.pause_first, options.pause_ceiling, dice}
    {}

    /// The pause before the next attempt, or nothing: this was the last one.
    [[nodiscard]] std::optional<nanoseconds> after(const attempt_outcome& how) noexcept;

    [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
    retry_options options_;
    repeatable twice_;
    backoff pauses_;
    unsigned attempts_ = 1;
};

/// Retries of all requests of a client, as a share of its requests: when a server is overloaded,
/// asking it three times as often is no help. A value.
class retry_budget {
public:
    /// `share` of a retry is earned by each request, up to `most`.
    explicit retry_budget(double share = 0.2, double most = 20) noexcept
        : share_{share}, most_{most}, saved_{most}
    {}

    void earn() noexcept { saved_ = saved_ + share_ < most_ ? saved_ + share_ : most_; }

    [[nodiscard]] bool spend() noexcept
    {
        if (saved_ < 1)
            return false;
        saved_ -= 1;
        return true;
    }

private:
    double share_;
    double most_;
    double saved_;
};

}  // namespace cohort::http
