#include <cohort/primary/worker_handle.hpp>

#include <cohort/base/try.hpp>
#include <cohort/primary/stranger.hpp>

#include <utility>

namespace cohort::primary {

result<worker_ptr> worker_handle::make(asio::any_io_executor executor, birth_place where,
                                       newborn born)
{
    COHORT_TRY(auto over, ipc::channel::open(executor, std::move(born.channel)));
    return std::make_shared<worker_handle>(executor, where, std::move(born), std::move(over));
}

worker_handle::worker_handle(asio::any_io_executor executor, birth_place where, newborn born,
                             ipc::channel over)
    : where_{where},
      born_{std::move(born)},
      channel_{std::move(over)},
      calls_{executor, channel_},
      birth_time_{now()}
{}

void worker_handle::start(on_envelope take, on_hang_up closed)
{
    channel_.start(std::move(take), std::move(closed));
}

worker_info worker_handle::info() const
{
    worker_info seen;
    seen.id = where_.id;
    seen.slot = where_.slot;
    seen.pid = born_.process.pid();
    seen.state = state_;
    seen.connected = connected_;
    seen.dead = dead();
    // A question until it is answered by a request to leave or by the end.
    if (leaving_ || dead() || !connected_)
        seen.exited_after_disconnect = leaving_;
    seen.born = birth_time_;
    if (born_.unknown)
        seen.status = born_.unknown->status;
    return seen;
}

bool worker_handle::is_stranger() const noexcept
{
    return born_.unknown != nullptr && !born_.unknown->knows_us;
}

void worker_handle::recover(const past& known) noexcept
{
    recovered_ = true;
    birth_time_ = known.born;
    online_ = known.online;
    listening_ = known.listening;
    leaving_ = known.leaving;
    said_leaving_ = known.said_leaving;
    if (listening_)
        state_ = worker_state::listening;
    else if (online_)
        state_ = worker_state::online;
}

void worker_handle::came_online() noexcept
{
    if (online_)
        return;
    online_ = now();
    if (state_ == worker_state::none)
        state_ = worker_state::online;
}

void worker_handle::listens() noexcept
{
    if (!listening_)
        listening_ = now();
    if (state_ == worker_state::none || state_ == worker_state::online)
        state_ = worker_state::listening;
}

void worker_handle::leaves() noexcept { leaving_ = true; }

void worker_handle::says_leaving() noexcept
{
    leaving_ = true;
    said_leaving_ = true;
}

void worker_handle::hung_up()
{
    connected_ = false;
    if (state_ != worker_state::dead)
        state_ = worker_state::disconnected;
    calls_.fail_all(
        fault(make_error_code(errc::worker_gone), "talk to worker", std::to_string(where_.id)));
}

void worker_handle::ended(process::exit_reason how)
{
    end_ = how;
    state_ = worker_state::dead;
}

}  // namespace cohort::primary
