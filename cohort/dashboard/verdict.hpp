#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::dashboard {

/// serving: as many workers as wanted. degraded: fewer. draining: on its way out. starting: nobody
/// has served so far.
enum class condition : std::uint8_t { starting, serving, degraded, draining };

/// "starting", "serving", …
[[nodiscard]] std::string_view name_of(condition which) noexcept;

/// How a cohort is, in a word and a sentence. A value.
struct verdict {
    condition is = condition::starting;
    std::string reason;  ///< for people; empty: all is well
    bool ready = false;  ///< send it requests
};

/// By what its primary says of it (the answer to `ls`).
[[nodiscard]] verdict judge(const boost::json::object& survey);

}  // namespace cohort::dashboard
