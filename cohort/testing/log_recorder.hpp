#pragma once

#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::testing {

/// Catches what this process logs for as long as it lives:
///
///     cohort::testing::log_recorder log;
///     app.get("/broken");
///     CHECK(log.has("a handler failed"));
///
/// Afterwards the log is as by default again: JSON to standard output, from `info` on. One at a
/// time. A resource; any thread may log meanwhile.
class log_recorder {
public:
    /// Throws cohort::failure if there is no memory for it.
    explicit log_recorder(log::level least = log::level::info);
    ~log_recorder();
    log_recorder(const log_recorder&) = delete;
    log_recorder& operator=(const log_recorder&) = delete;

    /// The lines so far, in order. Throws cohort::failure (errc::malformed) if one is no JSON:
    /// somebody else has written to our file.
    [[nodiscard]] std::vector<boost::json::object> lines() const;

    /// Those whose message contains `part`.
    [[nodiscard]] std::vector<boost::json::object> with(std::string_view part) const;
    [[nodiscard]] bool has(std::string_view part) const { return !with(part).empty(); }

    /// Their bytes, as written.
    [[nodiscard]] std::string text() const;

    /// Forgets what there is.
    void clear();

private:
    unique_fd file_;
};

}  // namespace cohort::testing
