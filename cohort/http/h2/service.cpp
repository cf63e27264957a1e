#include <cohort/http/h2/service.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/http/h2/session.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace cohort::http::h2 {

service::service(boost::asio::io_context& loop, options own)
    : loop_{loop}, options_{own}, lanes_{lanes::of(loop)}, wheel_{second_}, timer_{loop}
{}

service::~service()
{
    for (session* each = first_; each != nullptr;) {
        session& who = *each;
        each = each->next_;
        who.cut();
    }
    // Jobs dropped by lanes::stop() leave their sessions behind.
    while (first_ != nullptr) {
        first_->abandon_jobs();
        bury(*first_);
    }
}

void service::take(taken_connection connection)
{
    server_options& terms = connection.place.terms();
    COHORT_ASSERT(terms_ == nullptr || terms_ == &terms);
    if (terms_ == nullptr) {
        terms_ = &terms;
        server_ = connection.place.life();
        bodies_ = connection.place.bodies();
        clock_ = terms.clock;
        born_ = clock_();
    }
    look_at_clock();
    auto* const who = new session(*this, std::move(connection));
    who->next_ = first_;
    if (first_ != nullptr)
        first_->prev_ = who;
    first_ = who;
    ++connections_;
    who->begin();
}

void service::look_at_clock() noexcept
{
    if (terms_ == nullptr)
        return;  // nobody has come yet
    const auto age = std::chrono::duration_cast<seconds>(clock_() - born_);
    second_ = static_cast<std::uint32_t>(age.count()) + 1;
}

tally service::counts() const noexcept
{
    tally sum = past_;
    for (const session* each = first_; each != nullptr; each = each->next_)
        sum += each->connection_.counts();
    return sum;
}

void service::closed(session& who) noexcept
{
    wheel_.unlink(who);
    --connections_;
}

void service::bury(session& who) noexcept
{
    past_ += who.connection_.counts();
    if (who.prev_ != nullptr)
        who.prev_->next_ = who.next_;
    else
        first_ = who.next_;
    if (who.next_ != nullptr)
        who.next_->prev_ = who.prev_;
    delete &who;
}

void service::watch_clock(session& who, std::uint32_t due)
{
    wheel_.link(who, due);
    if (armed_for_ == 0 || who.linked_for() < armed_for_)
        arm();
}

void service::arm()
{
    const std::uint32_t due = wheel_.earliest();
    armed_for_ = due;
    if (due == 0) {
        timer_.cancel();
        return;
    }
    // The coarse clock lags behind by some milliseconds: too early would mean twice.
    constexpr milliseconds lag{20};
    timer_.expires_after(seconds{due > second_ ? due - second_ : 1} + lag);
    timer_.async_wait([this, alive = std::weak_ptr{life_}](const boost::system::error_code& ec) {
        if (!ec && !alive.expired())
            tick();
    });
}

void service::tick()
{
    look_at_clock();
    const bool all = wheel_.expire(second(), timer_wheel::turn,
                                   [](timer_entry& who) { static_cast<session&>(who).on_time(); });
    if (!all) {
        boost::asio::post(loop_, [this, alive = std::weak_ptr{life_}] {
            if (!alive.expired())
                tick();
        });
    }
    arm();
}

connection_taker speaks(boost::asio::io_context& loop, options own)
{
    return [made = std::make_unique<service>(loop, own)](taken_connection of) noexcept {
        made->take(std::move(of));
    };
}

}  // namespace cohort::http::h2
