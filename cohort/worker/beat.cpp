#include <cohort/worker/beat.hpp>

#include <boost/system/error_code.hpp>

#include <utility>

namespace cohort::work {

beat::beat(boost::asio::any_io_executor executor, board::slot& row, nanoseconds period,
           each_time also)
    : timer_{executor}, row_{row}, period_{period}, also_{std::move(also)}
{
    strike();
}

void beat::strike() noexcept
{
    board::set(row_.beat_ns, now_ns());
    also_();
    timer_.expires_after(period_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            strike();
    });
}

}  // namespace cohort::work
