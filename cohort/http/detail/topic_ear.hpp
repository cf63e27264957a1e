#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/bells.hpp>
#include <cohort/board/message_ring.hpp>
#include <cohort/http/detail/topic_store.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

class subscriber;

/// Hears all messages for the subscribers of one loop (a service of its io_context): each message
/// is copied out of the ring once, however many want it, and not at all if nobody does. A
/// resource. Without subscribers it waits for nothing.
class topic_ear final : public boost::asio::execution_context::service {
public:
    using key_type = topic_ear;
    inline static boost::asio::execution_context::id id;

    explicit topic_ear(boost::asio::execution_context& loop);
    ~topic_ear() override;

    /// The ear of this loop, made on first use.
    [[nodiscard]] static topic_ear& of(boost::asio::execution_context& loop);

    /// @return  What knows the ear for as long as it lives.
    /// Errors: errc::stopping; errc::queue_full, too many.
    [[nodiscard]] result<std::weak_ptr<topic_ear*>> add(subscriber& who);
    void remove(subscriber& who) noexcept;

    /// What it has heard, up to this number.
    [[nodiscard]] std::uint64_t position() const noexcept { return reader_.position(); }

    /// Ends all subscriptions, and refuses others.
    void leave();

private:
    using listeners = std::map<std::string, std::vector<subscriber*>, std::less<>>;

    void shutdown() noexcept override;
    void begin();
    void rest() noexcept;
    void turn();
    [[nodiscard]] std::size_t hear();
    void tell_lost();
    void arm(nanoseconds at_most);
    void rung(const boost::system::error_code& ec);
    template <class F>
    void each(F&& call);

    boost::asio::io_context& loop_;
    topic_store& store_;
    board::ring_reader reader_;
    std::uint64_t lost_ = 0;
    std::optional<board::bells::bell> bell_;
    std::optional<boost::asio::posix::stream_descriptor> rings_;  // of the bell
    std::optional<boost::asio::steady_timer> timer_;
    bool listening_ = false;
    bool leaving_ = false;

    listeners topics_;
    listeners prefixes_;
    std::size_t count_ = 0;
    std::shared_ptr<topic_ear*> self_;
};

}  // namespace cohort::http::detail
