#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/observe/exposition_format.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <mutex>
#include <string>

namespace cohort::dashboard {

/// All metrics of a cohort, as Prometheus reads them: out of shared memory, whatever workers do
/// meanwhile. A resource; any thread, one at a time.
class metrics_page {
public:
    explicit metrics_page(const board::segment& of);

    /// Errors: errc::too_large, there was no shared memory left for metrics.
    [[nodiscard]] result<std::string> text(observe::exposition_format as);

private:
    std::mutex mutex_;
    result<observe::metric_reader> reader_;
};

}  // namespace cohort::dashboard
