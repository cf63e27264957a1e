#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/dashboard/shared_answer.hpp>
#include <cohort/observe/exposition_format.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace cohort::dashboard {

/// All metrics of a cohort, as Prometheus reads them: out of shared memory, whatever workers do
/// meanwhile. Who asks within the same second gets the same text, and there is one of it. A
/// resource of one event loop, which goes on while a lane writes the page.
class metrics_page {
public:
    using text_ptr = std::shared_ptr<const std::string>;

    metrics_page(const asio::any_io_executor& executor, const board::segment& of);

    /// Errors: errc::too_large, there was no shared memory left for metrics; errc::queue_full, the
    /// lanes have too much to do (again later). Cancel: total.
    [[nodiscard]] awaitable<result<text_ptr>> text(observe::exposition_format as);

private:
    [[nodiscard]] awaitable<result<std::string>> write(observe::exposition_format as);
    [[nodiscard]] result<std::string> read(observe::exposition_format as);

    std::mutex mutex_;  // of reader_, which both texts are made of
    result<observe::metric_reader> reader_;
    shared_answer<std::string> plain_;
    shared_answer<std::string> openmetrics_;
};

}  // namespace cohort::dashboard
