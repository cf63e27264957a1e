#pragma once
// The terminal as a screen of our own.

#include <cohort/base/clock.hpp>
#include <cohort/cli/console.hpp>

#include <termios.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::cli {

/// What somebody pressed.
struct key {
    enum class kind : std::uint8_t {
        nothing,  ///< the time is over
        resized,  ///< or it is in the foreground again: the screen must be drawn anew
        letter,
        up,
        down,
        leave,  ///< Ctrl-C, Ctrl-D, a signal that ends us, or the terminal is gone
    };
    kind what = kind::nothing;
    char letter = 0;
};

/// What the bytes of one read mean: a letter, or what a terminal sends for an arrow.
[[nodiscard]] key key_of(std::string_view bytes) noexcept;

/// The whole terminal, without echo and line ends, until it is given back: also by Ctrl-C, Ctrl-Z
/// and by signals that end us. A resource; one at a time.
class screen {
public:
    explicit screen(console& out);
    /// Gives it back; then raises the signal that ended us, so that whoever waits hears how it was.
    ~screen();
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    /// What is drawn from here on takes the place of what is there, without a flicker.
    void begin();
    /// One line, which is not wider than the screen, and the next follows. What was there is erased
    /// before: after a text that is as wide as the screen, its last column would be.
    void line(std::string_view text);
    /// The last line: nothing is below it.
    void last_line(std::string_view text);

    /// Waits for a key, a change of the size, or the end of the time.
    [[nodiscard]] key wait(milliseconds pause);

private:
    void enter();
    void leave();
    void suspend();

    static constexpr std::array ending{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static constexpr std::array looking{SIGWINCH, SIGCONT};

    console& out_;
    std::array<struct sigaction, ending.size() + looking.size()> actions_{};
    sigset_t mask_{};
    termios before_{};
    termios quiet_{};
    bool has_terminal_ = false;
};

}  // namespace cohort::cli
