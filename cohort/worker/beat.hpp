#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/slot.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace cohort::work {

/// The pulse of the event loop, for the primary to feel. A resource.
class beat {
public:
    using each_time = std::move_only_function<void() noexcept>;

    /// Beats now, and then every `period`, for as long as the loop turns.
    beat(boost::asio::any_io_executor executor, board::slot& row, nanoseconds period,
         each_time also);

    void stop() { timer_.cancel(); }

private:
    void strike() noexcept;

    boost::asio::steady_timer timer_;
    board::slot& row_;
    nanoseconds period_;
    each_time also_;
};

}  // namespace cohort::work
