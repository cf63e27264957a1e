#pragma once
// How a process that may open nothing by itself gets what it needs: between it and the primary is a
// hatch, a pair of sockets that they have from its birth on. It asks, and is given descriptors that
// are open. Who it is need not be found out: nobody else has that socket.

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/envelope.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::control {

/// What can be asked for. The numbers are the kinds of the envelopes.
enum class goods : std::uint16_t {
    conversation = 1,  ///< a connection to the admin socket
    process,           ///< what it costs: its smaps_rollup, and the folder of its descriptors
    log,               ///< the primary's, or that of a slot, to be read
    output,            ///< the primary's standard output, to be read
    own_log,           ///< opened anew, to be written to
};

/// One thing that is asked for. A value; of the numbers those mean something that `what` needs.
struct wish {
    goods what = goods::conversation;
    std::optional<std::uint32_t> slot = {};
    std::uint32_t pid = 0;

    friend bool operator==(const wish&, const wish&) = default;
};

/// As an envelope carries it.
[[nodiscard]] std::string text_of(const wish& what);
/// Errors: errc::malformed, nobody asks so.
[[nodiscard]] result<wish> parse_wish(std::uint16_t kind, std::string_view text);

/// Who has it, in the primary.
class larder {
public:
    /// Never waits for long: logs and files of /proc are opened, and none is read.
    /// Errors: why it is not there, for who asked.
    /// @param who  the process that asks; 0: it has not been born yet
    [[nodiscard]] virtual result<std::vector<unique_fd>> fetch(const wish& what, pid_t who) = 0;

protected:
    ~larder() = default;
};

/// The primary's side. A resource of its event loop. What is given and not taken is bounded: there
/// is nothing more until some of it is.
class hatch {
public:
    /// Both ends; one of them is for the other process.
    [[nodiscard]] static result<std::pair<unique_fd, unique_fd>> make_ends()
    {
        return ipc::channel::make_pair();
    }

    /// `from` outlives it. Errors: those of epoll_ctl(2).
    [[nodiscard]] static result<std::unique_ptr<hatch>> open(asio::any_io_executor executor,
                                                             unique_fd end, larder& from);

    /// The process that has the other end.
    void is_of(pid_t who) noexcept { who_ = who; }

private:
    hatch(ipc::channel over, larder& from) noexcept
        : channel_{std::move(over)}, from_{from}
    {}
    void give(const ipc::envelope& asked);

    ipc::channel channel_;
    larder& from_;
    pid_t who_ = 0;
};

/// The side of who asks. A resource of one event loop.
class guest {
public:
    static constexpr nanoseconds patience = seconds{2};

    explicit guest(asio::any_io_executor executor)
        : executor_{std::move(executor)}
    {}
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;

    /// Order: once, before anybody asks. Errors: those of epoll_ctl(2).
    [[nodiscard]] result<> open(unique_fd end);

    /// Whoever asks from now on, or waits, hears errc::channel_closed.
    void close();

    /// At least one descriptor.
    /// Errors: errc::answer_failed, with the primary's words; errc::channel_closed, it is gone;
    ///         errc::deadline_passed; EMFILE, here is no room (again later). Cancel: total.
    [[nodiscard]] awaitable<result<std::vector<unique_fd>>> ask(wish what);
    /// The same for what is one descriptor.
    [[nodiscard]] awaitable<result<unique_fd>> ask_one(wish what);

private:
    struct waiting;
    using waiting_ptr = std::shared_ptr<waiting>;
    void settle(ipc::envelope&& answer);
    void end_all();
    [[nodiscard]] static awaitable<result<std::vector<unique_fd>>> wait_for(waiting_ptr mine);

    asio::any_io_executor executor_;
    std::optional<ipc::channel> channel_;
    std::map<std::uint64_t, waiting_ptr> asked_;
    std::uint64_t next_ = 1;
};

}  // namespace cohort::control
