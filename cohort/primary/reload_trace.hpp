#pragma once

#include <cohort/base/error.hpp>
#include <cohort/observe/span.hpp>
#include <cohort/primary/rolling.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::primary {

/// A reload as a trace: a span of all of it, and one for each errand. A resource.
class reload_trace {
public:
    /// From that generation on; `name` is "reload" or "rollback".
    reload_trace(literal name, std::uint32_t generation);

    /// An errand begins; the span is its own.
    [[nodiscard]] observe::span step(const roll_order& what) const;
    /// All of it is over. `reason`: of a failure.
    void ended(roll_end how, std::uint32_t generation, std::string_view reason);

private:
    observe::span whole_;
};

}  // namespace cohort::primary
