#pragma once

#include <cohort/base/error.hpp>
#include <cohort/observe/trace_context.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::observe {

/// Which traces are recorded. A value. Made of nothing: all, but those whose parent is not.
///
/// Source: OpenTelemetry, trace SDK, "Sampling"; Trace Context level 2, "Random trace id flag".
class sampler {
public:
    /// What becomes of a trace that begins here.
    enum class roots : std::uint8_t { all, none, share };
    /// parent: of a trace that has begun elsewhere, that one decides. trace: we do, by its id.
    enum class by : std::uint8_t { parent, trace };

    sampler() noexcept = default;

    /// `share`: 0 to 1, for roots::share.
    sampler(by who, roots which, double share = 1) noexcept;

    /// "always_on", "always_off", "traceidratio" and each of them with "parentbased_" before it.
    /// `argument` is the share of the ratio, 1 if empty. Errors: errc::bad_value.
    [[nodiscard]] static result<sampler> parse(std::string_view name, std::string_view argument);

    /// `parent` may be null: the trace begins here. The same for every span of a trace, in every
    /// process that asks like this.
    [[nodiscard]] bool samples(const trace_context* parent, const trace_id& id) const noexcept;

    friend bool operator==(const sampler&, const sampler&) = default;

private:
    by by_ = by::parent;
    std::uint64_t threshold_ = 0;  // of the last 56 bits of the id: sampled from here on
};

}  // namespace cohort::observe
