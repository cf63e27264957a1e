#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/primary/exhibit.hpp>
#include <cohort/primary/worker_info.hpp>

#include <vector>

namespace cohort::primary {

/// What a kept worker has from birth on, so that it need not wait for its primary. A resource.
struct birthright {
    unique_fd channel;
    ipc::welcome terms;  ///< what others are told by the welcome
    unique_fd board;     ///< and the cargo of the welcome
    unique_fd inbox;
    unique_fd hotline;
    board::journal* journal = nullptr;
    unique_fd keeper;        ///< a pidfd: readable once the keeper is dead
    bool successor = false;  ///< somebody had the seat before
    bool last = false;       ///< the slot is given up: the program does not run, see app/caretaker
    std::vector<int> found;  ///< descriptors of the dead; nobody owns them yet
};

/// Who the primary works for: the program. All but live() run on the primary's loop.
class audience {
public:
    /// In a newborn worker, forked without exec: its whole life. Leaves by _exit.
    virtual void live(unique_fd channel) noexcept = 0;
    /// The same for a worker with a keeper.
    virtual void live_on(birthright mine) noexcept = 0;

    virtual void forked(const worker_info& who) noexcept = 0;
    virtual void online(const worker_info& who) noexcept = 0;
    virtual void listening(const worker_info& who, const listening_info& where) noexcept = 0;
    virtual void message(const worker_info& who, ipc::message& what) noexcept = 0;
    /// Answers a worker's request. What it throws becomes the asker's failure.
    [[nodiscard]] virtual awaitable<ipc::message> answer(worker_info who, ipc::message what) = 0;
    virtual void disconnected(const worker_info& who) noexcept = 0;
    virtual void exited(const worker_info& who, const exit_status& how) noexcept = 0;
    virtual void failed(const worker_info& who, const fault& why) noexcept = 0;

    /// In a newborn process that is no worker: serves the dashboard for all of its life. Leaves by
    /// _exit.
    virtual void show(const exhibit& what) noexcept = 0;

protected:
    ~audience() = default;
};

}  // namespace cohort::primary
