#pragma once
// What is known of a worker, as values that programs can keep.

#include <cohort/base/clock.hpp>
#include <cohort/process/exit_reason.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::primary {

/// Node's names. In a worker also `disconnecting`.
enum class worker_state : std::uint8_t {
    none,
    online,
    listening,
    disconnecting,
    disconnected,
    dead
};

[[nodiscard]] constexpr std::string_view name(worker_state s) noexcept
{
    switch (s) {
        case worker_state::none:
            return "none";
        case worker_state::online:
            return "online";
        case worker_state::listening:
            return "listening";
        case worker_state::disconnecting:
            return "disconnecting";
        case worker_state::disconnected:
            return "disconnected";
        case worker_state::dead:
            return "dead";
    }
    return "unknown";
}

/// A worker as it was when somebody asked. A value.
struct worker_info {
    std::uint32_t id = 0;    ///< from 1, never used twice
    std::uint32_t slot = 0;  ///< its seat, from 0; a successor has the same
    pid_t pid = 0;
    worker_state state = worker_state::none;
    bool connected = false;  ///< messages can be sent
    bool dead = false;       ///< its process has been reaped
    /// True once it was asked to leave, or said that it does; nothing before either happened and
    /// before its end.
    std::optional<bool> exited_after_disconnect;
    steady_time born{};
    std::string status;  ///< what a program said of itself last (STATUS= over NOTIFY_SOCKET)
};

/// How a worker ended. A value.
class exit_status {
public:
    exit_status(process::exit_reason how, std::string last_words)
        : how_{how}, last_words_{std::move(last_words)}
    {}

    /// The exit code, if it left by itself; exactly one of code() and signal() is there.
    [[nodiscard]] std::optional<int> code() const noexcept { return how_.code(); }
    [[nodiscard]] std::optional<int> signal() const noexcept { return how_.signal(); }
    [[nodiscard]] bool success() const noexcept { return how_.success(); }
    [[nodiscard]] bool dumped() const noexcept { return how_.dumped(); }
    /// The kernel killed it because memory was short.
    [[nodiscard]] bool for_memory() const noexcept { return how_.for_memory(); }
    /// What the worker itself gave as the reason: "exception escaped: …". Mostly empty.
    [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }

    /// For people: "exit code 1, exception escaped: no such table". Never parse it.
    [[nodiscard]] std::string words() const
    {
        return last_words_.empty() ? how_.words() : how_.words() + ", " + last_words_;
    }

private:
    process::exit_reason how_;
    std::string last_words_;
};

/// What a worker listens on. A value.
struct listening_info {
    std::string endpoint;    ///< the real one: "tcp://127.0.0.1:34567"
    std::string asked;       ///< what the worker asked for: "tcp://127.0.0.1:0"
    std::uint16_t port = 0;  ///< 0 for Unix sockets
};

}  // namespace cohort::primary
