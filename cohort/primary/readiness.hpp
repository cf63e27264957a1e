#pragma once
// When a program that need not know us counts as ready. No process, no socket, no clock: what was
// found out comes in, and what to find out next comes back.

#include <cohort/config/settings.hpp>
#include <cohort/config/values.hpp>

#include <cstdint>

namespace cohort::primary {

/// What shows how far a program has come.
enum class evidence : std::uint8_t {
    hello,    ///< It speaks our own protocol after all.
    notice,   ///< It said something over NOTIFY_SOCKET, but not that it is ready.
    ready,    ///< It said READY=1.
    settled,  ///< It has lived for a moment, see settling_time.
    listens,  ///< A process of its family listens on the endpoint.
    answers,  ///< The endpoint answered a GET with 2xx or 3xx.
};

/// What is to be found out next, by who can.
enum class inquiry : std::uint8_t { none, time, listening, http };

/// What a program speaks, and what shall show that it is ready. A value.
///
/// `automatic` without a word over NOTIFY_SOCKET: who has lived for a moment with the sockets that
/// it was given is taken to serve, as systemd does with Type=simple. Who has said anything there is
/// waited for until it says READY=1. Sockets that we pass were listening before the program was
/// born, so `listen` can only mean the same for them; who opens its own is looked at.
class readiness {
public:
    /// @param endpoints  how many there are in the settings
    readiness(config::ready_sign::kind sign, config::protocol speaks,
              std::size_t endpoints) noexcept
        : sign_{sign}, opens_itself_{speaks == config::protocol::none && endpoints > 0}
    {}

    [[nodiscard]] bool ready() const noexcept { return ready_; }

    /// True: it is ready because of this, and was not before.
    bool on(evidence what) noexcept
    {
        if (ready_)
            return false;
        talks_ = talks_ || what == evidence::notice;
        settled_ = settled_ || what == evidence::settled;
        ready_ = proves(what);
        return ready_;
    }

    [[nodiscard]] inquiry next() const noexcept
    {
        using kind = config::ready_sign::kind;
        if (ready_ || sign_ == kind::notify || (sign_ == kind::automatic && talks_))
            return inquiry::none;
        if (sign_ != kind::http && opens_itself_)
            return inquiry::listening;
        if (!settled_)
            return inquiry::time;
        return sign_ == kind::http ? inquiry::http : inquiry::none;
    }

private:
    [[nodiscard]] bool proves(evidence what) const noexcept
    {
        using kind = config::ready_sign::kind;
        switch (what) {
            case evidence::hello:
                return true;
            case evidence::notice:
                return false;
            case evidence::ready:
                return sign_ == kind::automatic || sign_ == kind::notify;
            case evidence::settled:
                return !opens_itself_ &&
                       (sign_ == kind::listen || (sign_ == kind::automatic && !talks_));
            case evidence::listens:
                return sign_ == kind::listen || (sign_ == kind::automatic && !talks_);
            case evidence::answers:
                return sign_ == kind::http;
        }
        return false;
    }

    config::ready_sign::kind sign_;
    bool opens_itself_;
    bool ready_ = false;
    bool talks_ = false;
    bool settled_ = false;
};

}  // namespace cohort::primary
