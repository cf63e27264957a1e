#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/primary/worker_info.hpp>

namespace cohort::primary {

/// Who the primary works for: the program. All but live() run on the primary's loop.
class audience {
public:
    /// In a newborn worker, forked without exec: its whole life. Leaves by _exit.
    virtual void live(unique_fd channel) noexcept = 0;

    virtual void forked(const worker_info& who) noexcept = 0;
    virtual void online(const worker_info& who) noexcept = 0;
    virtual void listening(const worker_info& who, const listening_info& where) noexcept = 0;
    virtual void message(const worker_info& who, ipc::message& what) noexcept = 0;
    /// Answers a worker's request. What it throws becomes the asker's failure.
    [[nodiscard]] virtual awaitable<ipc::message> answer(worker_info who, ipc::message what) = 0;
    virtual void disconnected(const worker_info& who) noexcept = 0;
    virtual void exited(const worker_info& who, const exit_status& how) noexcept = 0;
    virtual void failed(const worker_info& who, const fault& why) noexcept = 0;

protected:
    ~audience() = default;
};

}  // namespace cohort::primary
