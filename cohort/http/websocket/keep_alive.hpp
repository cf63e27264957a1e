#pragma once

#include <cstdint>

namespace cohort::http {

/// Which connections are dead: asked at each tick of a socket's clock. A value.
class keep_alive {
public:
    /// What has happened so far.
    struct state {
        std::uint64_t heard = 0;    ///< Reads from the wire that brought something.
        std::uint64_t written = 0;  ///< Writes to the wire that took something.
        bool listening = true;      ///< False: our own handler is slow, so that we read nothing.
        bool writing = false;       ///< Something waits to be written.
    };

    /// wait: the next tick in ping_after. ping: send one; the next tick in pong_within. cut: it is
    /// dead.
    enum class verdict : std::uint8_t { wait, ping, cut };

    [[nodiscard]] verdict on_tick(const state& now) noexcept;

private:
    std::uint64_t heard_ = 0;
    std::uint64_t written_ = 0;
    bool was_writing_ = false;
    bool asked_ = false;
};

}  // namespace cohort::http
