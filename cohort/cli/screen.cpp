#include <cohort/cli/screen.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace cohort::cli {

namespace {

// Set by handlers, which run while we wait and at no other time.
volatile std::sig_atomic_t ended_by = 0;
volatile std::sig_atomic_t changed = 0;
volatile std::sig_atomic_t continued = 0;

constexpr char interrupt = 3, end_of_input = 4, suspend_key = 26;

void on_signal(int number)
{
    if (number == SIGWINCH) {
        changed = 1;
    } else if (number == SIGCONT) {
        changed = 1;
        continued = 1;
    } else {
        ended_by = number;
    }
}

}  // namespace

key key_of(std::string_view bytes) noexcept
{
    using enum key::kind;
    if (bytes == "\x1b[A" || bytes == "\x1bOA")
        return {up, 0};
    if (bytes == "\x1b[B" || bytes == "\x1bOB")
        return {down, 0};
    if (bytes.empty() || bytes.front() == '\x1b')
        return {};
    if (bytes.front() == interrupt || bytes.front() == end_of_input)
        return {leave, 0};
    return {letter, bytes.front()};
}

screen::screen(console& out)
    : out_{out}
{
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
        quiet_ = before_;
        // Ctrl-C and Ctrl-Z come as bytes: nothing is left behind then.
        quiet_.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
        has_terminal_ = true;
    }
    sigset_t ours;
    sigemptyset(&ours);
    std::size_t place = 0;
    const auto hear = [&](int number) {
        struct sigaction action{};
        action.sa_handler = on_signal;
        ::sigaction(number, nullptr, &actions_[place]);
        if (actions_[place++].sa_handler == SIG_IGN)
            return;  // nohup(1)
        ::sigaction(number, &action, nullptr);
        sigaddset(&ours, number);
    };
    for (const int number : ending)
        hear(number);
    for (const int number : looking)
        hear(number);
    ::sigprocmask(SIG_BLOCK, &ours, &mask_);
    enter();
}

screen::~screen()
{
    leave();
    std::size_t place = 0;
    for (const int number : ending)
        ::sigaction(number, &actions_[place++], nullptr);
    for (const int number : looking)
        ::sigaction(number, &actions_[place++], nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    if (ended_by != 0)
        std::raise(ended_by);
}

void screen::enter()
{
    if (has_terminal_)
        ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet_);
    // A screen of its own, no cursor, and long lines are cut instead of shifting all others.
    out_.raw("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J");
    out_.flush();
}

void screen::leave()
{
    out_.raw("\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l");
    out_.flush();
    if (has_terminal_)
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void screen::suspend()
{
    leave();
    std::raise(SIGTSTP);  // goes on here when the shell continues it
    enter();
}

void screen::begin() { out_.raw("\x1b[H"); }

void screen::line(std::string_view text)
{
    out_.raw("\x1b[K");
    out_.raw(text);
    out_.raw("\n");
}

void screen::last_line(std::string_view text)
{
    out_.raw("\x1b[J");
    out_.raw(text);
    out_.flush();
}

key screen::wait(milliseconds pause)
{
    pollfd ask{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(pause);
    const timespec until{.tv_sec = whole.count(), .tv_nsec = nanoseconds{pause - whole}.count()};
    const int got = ::ppoll(&ask, 1, &until, &mask_);
    if (ended_by != 0)
        return {key::kind::leave, 0};
    if (continued != 0)
        enter();  // who was stopped by others finds the terminal as the shell has it
    continued = 0;
    if (changed != 0) {
        changed = 0;
        return {key::kind::resized, 0};
    }
    if (got == -1)
        return {errno == EINTR ? key::kind::nothing : key::kind::leave, 0};
    if (got == 0)
        return {};
    std::array<char, 64> bytes{};
    const ssize_t read = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (read <= 0)
        return {key::kind::leave, 0};
    if (bytes.front() == suspend_key) {
        suspend();
        return {key::kind::resized, 0};
    }
    return key_of({bytes.data(), static_cast<std::size_t>(read)});
}

}  // namespace cohort::cli
