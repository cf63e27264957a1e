#include <cohort/http/websocket/keep_alive.hpp>

#include <utility>

namespace cohort::http {

keep_alive::verdict keep_alive::on_tick(const state& now) noexcept
{
    const bool heard = std::exchange(heard_, now.heard) != now.heard;
    const bool moved = std::exchange(written_, now.written) != now.written;
    const bool was_writing = std::exchange(was_writing_, now.writing);
    const bool asked = std::exchange(asked_, false);

    // Who takes nothing for a whole round holds our queue, however much it talks itself.
    if (was_writing && now.writing && !moved)
        return verdict::cut;
    if (heard || !now.listening)
        return verdict::wait;
    if (asked)
        return verdict::cut;
    asked_ = true;
    return verdict::ping;
}

}  // namespace cohort::http
