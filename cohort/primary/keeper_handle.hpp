#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/primary/worker_handle.hpp>
#include <cohort/process/keeper.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <vector>

namespace cohort::primary {

/// The keeper of a seat: its process, the line to it, and those of its twins that have not said
/// who they are. A resource, shared with the coroutine that waits for its end.
class keeper_handle {
public:
    using on_note = std::move_only_function<void(process::received_note&&) noexcept>;

    /// Errors: what epoll_ctl(2) says.
    [[nodiscard]] static result<std::shared_ptr<keeper_handle>>
    make(const asio::any_io_executor& executor, process::kept_pair made);

    keeper_handle(const asio::any_io_executor& executor, process::kept_pair made);

    /// The next note, waiting for it up to `budget`: for the birth of the first twin, which comes
    /// at once. Order: before start(). Errors: errc::deadline_passed; those of take_note().
    [[nodiscard]] result<process::received_note> wait_for_note(nanoseconds budget);

    /// Hears notes from now on, for as long as `us` exists.
    static void start(const std::shared_ptr<keeper_handle>& us, on_note hear);
    /// Hears what still lies in the line, and then no more.
    void finish();

    /// Errors: errc::channel_closed.
    [[nodiscard]] result<> order(process::keeper_order what);
    /// It was told to clone nothing more: its end is not a loss.
    [[nodiscard]] bool ends() const noexcept { return ends_; }
    /// It was told so by another primary.
    void was_told_to_end() noexcept { ends_ = true; }
    /// The number of our end.
    [[nodiscard]] int line() noexcept { return line_.native_handle(); }

    [[nodiscard]] process::child& process() noexcept { return made_.keeper; }

    /// Standbys, and twins that have just begun.
    std::vector<worker_ptr> unnamed;

private:
    static void listen(const std::shared_ptr<keeper_handle>& us);
    /// False: the line has ended.
    [[nodiscard]] bool hear_all();

    process::kept_pair made_;  // its line is in line_
    asio::posix::stream_descriptor line_;
    on_note hear_;
    bool ends_ = false;
};

using keeper_ptr = std::shared_ptr<keeper_handle>;

}  // namespace cohort::primary
