#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/call.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/ipc/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::work {

/// The worker's end of the conversation with its primary. A resource.
///
/// Control messages go to the `guide`; the program's messages to its handlers. Messages that come
/// before a handler is set are kept, up to `held_max` of them and `held_bytes_max`; what comes then
/// is dropped, and requests are refused. The primary's own words never wait behind them.
class link {
public:
    static constexpr std::size_t held_max = 1024;
    static constexpr std::size_t held_bytes_max = std::size_t{64} << 20;

    /// Who carries out what the primary says.
    class guide {
    public:
        virtual void welcomed(ipc::welcome terms, std::vector<unique_fd> cargo) noexcept = 0;
        virtual void met(const ipc::neighbours& who, std::vector<unique_fd> cargo) noexcept = 0;
        virtual void told_to_drain(const ipc::drain_order& order) noexcept = 0;
        virtual void told_to_share(const ipc::share_order&) noexcept {}
        virtual void told_readiness_off() noexcept {}
        virtual void lost_primary(std::string_view why) noexcept = 0;
        virtual void escaped(std::string_view what) noexcept = 0;
        /// Who we are, and where we listen: the first words on every channel.
        [[nodiscard]] virtual ipc::hello introduction() noexcept { return {}; }
        /// The channel has ended. What now?
        enum class outlook : std::uint8_t {
            swapped,  ///< There was a new one already: swap() was called.
            hope,     ///< One may come: swap() or give_up() will be called.
            none,     ///< The primary is lost.
        };
        [[nodiscard]] virtual outlook channel_ended() noexcept { return outlook::none; }

    protected:
        ~guide() = default;
    };

    using message_handler = std::move_only_function<void(std::uint32_t from, ipc::message&)>;
    using request_handler =
        std::move_only_function<awaitable<ipc::message>(std::uint32_t from, ipc::message)>;

    /// `tasks` runs answers to requests; it is joined before the link goes.
    link(asio::any_io_executor executor, ipc::channel over, scope& tasks, guide& to);

    /// Says hello and begins to read.
    void start();

    /// Goes on over another channel: the primary was replaced. Says hello again; control letters
    /// that the kernel had not taken follow. What waits for an answer of the dead primary fails
    /// with errc::channel_closed, and its own questions are not answered any more. The program's
    /// messages that were under way may be lost.
    void swap(ipc::channel over);
    /// No channel will come any more: tells the guide that the primary is lost.
    void give_up(std::string_view why) noexcept;
    /// Waits for the channel after that of `turn`, or for the word that none will come. At once if
    /// either is there. Deadline: hope has an end (give_up). Cancel: total.
    [[nodiscard]] awaitable<> until_swapped(unsigned turn);
    /// The primary is gone, and none will follow.
    [[nodiscard]] bool is_lost() const noexcept { return lost_; }
    /// How often the channel was swapped.
    [[nodiscard]] unsigned turn() const noexcept { return turn_; }

    void on_message(message_handler take);
    void on_request(request_handler answer);
    [[nodiscard]] bool has_handler() const noexcept
    {
        return take_ != nullptr || answer_ != nullptr;
    }

    /// Waits until the kernel has the message. With `to` another worker: until the primary has
    /// passed it on. Errors: errc::no_such_worker; errc::channel_closed; errc::too_large;
    /// errc::deadline_passed, the primary is stuck.
    [[nodiscard]] awaitable<result<>> send(std::uint32_t to, ipc::message what);
    [[nodiscard]] awaitable<result<>> broadcast(ipc::message what);
    [[nodiscard]] awaitable<result<ipc::message>> request(std::uint32_t to, ipc::message what,
                                                          nanoseconds budget);

    /// Sends a control message, now or as soon as there is room; in the order of the calls. It is
    /// lost only with the primary that had not read it.
    void post(ipc::envelope what);
    /// Asks the primary something of ours. Errors: also what the primary refused with, as `doing`.
    [[nodiscard]] awaitable<result<ipc::envelope>> ask(ipc::envelope what, literal doing);

    /// Waits until the kernel has all that was posted.
    [[nodiscard]] awaitable<result<>> flush(nanoseconds budget);
    [[nodiscard]] bool is_open() const noexcept { return !lost_ && channel_.is_open(); }
    /// Hangs up. Pending requests fail with errc::channel_closed.
    void close();

private:
    static constexpr nanoseconds patience = seconds{30};  // with the primary's own answers

    [[nodiscard]] static fault hung_up();
    void arrived(ipc::envelope&& what) noexcept;
    void take_log(ipc::envelope&& what);
    void take_level(const ipc::envelope& what);
    void settle(ipc::envelope&& what);
    void user_message(ipc::envelope&& what);
    void hold(ipc::envelope&& what);
    void release_held();
    [[nodiscard]] ipc::envelope hello() const;
    void listen_to_channel();
    void send_soon();
    [[nodiscard]] awaitable<> answer(ipc::envelope request);
    [[nodiscard]] awaitable<result<>> pass(std::uint32_t to, ipc::message what);
    [[nodiscard]] awaitable<result<>> spread(ipc::message what);
    [[nodiscard]] awaitable<result<ipc::message>> pose(std::uint32_t to, ipc::message what,
                                                       nanoseconds budget);
    [[nodiscard]] awaitable<> send_postponed();
    void ended(std::string_view why) noexcept;
    void malformed(const fault& why) noexcept;

    ipc::channel channel_;
    ipc::calls calls_;
    scope& tasks_;
    guide& guide_;
    // Shared with the calls that run: a handler may be replaced from within itself.
    std::shared_ptr<message_handler> take_;
    std::shared_ptr<request_handler> answer_;
    std::deque<ipc::envelope> held_;
    std::size_t held_bytes_ = 0;
    bool overflow_told_ = false;
    std::deque<ipc::envelope> postponed_;  // letters that found the channel's queue full
    bool postponing_ = false;
    bool lost_ = false;
    unsigned turn_ = 0;
    wakeup turned_;
};

}  // namespace cohort::work
