#include <cohort/cli/verbs.hpp>

#include <cohort/cli/footprint.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

/// The terminal as a screen of our own; given back at the end, also by Ctrl-C and by signals that
/// end us. A resource.
class screen {
public:
    explicit screen(console& out)
        : out_{out}
    {
        if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
            termios quiet = before_;
            // Ctrl-C comes as a byte: nothing is left behind then.
            quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
            changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
        }
        sigset_t ends;
        sigemptyset(&ends);
        for (std::size_t i = 0; i < ending.size(); ++i) {
            struct sigaction ours{};
            ours.sa_handler = [](int number) { ended_by = number; };
            ::sigaction(ending[i], nullptr, &actions_[i]);
            if (actions_[i].sa_handler == SIG_IGN)
                continue;  // nohup(1)
            ::sigaction(ending[i], &ours, nullptr);
            sigaddset(&ends, ending[i]);
        }
        // They come while we wait, and at no other time.
        ::sigprocmask(SIG_BLOCK, &ends, &mask_);
        out_.raw("\x1b[?1049h\x1b[?25l");
    }
    ~screen()
    {
        out_.raw("\x1b[?25h\x1b[?1049l");
        out_.flush();
        if (changed_)
            ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
        for (std::size_t i = 0; i < ending.size(); ++i)
            ::sigaction(ending[i], &actions_[i], nullptr);
        ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
        if (ended_by != 0)
            std::raise(ended_by);  // whoever waits for us hears how it was
    }
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    void begin() { out_.raw("\x1b[H\x1b[J"); }

    /// Waits for a key, or the next look. False: the user wants to leave.
    bool wait(milliseconds pause)
    {
        pollfd ask{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(pause);
        const timespec until{.tv_sec = whole.count(),
                             .tv_nsec = nanoseconds{pause - whole}.count()};
        const int got = ::ppoll(&ask, 1, &until, &mask_);
        if (got == -1)
            return errno == EINTR && ended_by == 0;
        char key = 0;
        if (got == 0)
            return true;
        constexpr char interrupt = 3, end = 4;
        const bool read = ::read(STDIN_FILENO, &key, 1) == 1;
        return read && key != 'q' && key != 'Q' && key != interrupt && key != end;
    }

private:
    static constexpr std::array ending{SIGINT, SIGTERM, SIGHUP};
    static inline volatile std::sig_atomic_t ended_by = 0;

    console& out_;
    std::array<struct sigaction, ending.size()> actions_{};
    sigset_t mask_{};
    termios before_{};
    bool changed_ = false;
};

/// One look at all of them.
exit_code draw(const choice& whom, console& out)
{
    exit_code worst = exit_code::done;
    if (whom.targets.empty()) {
        out.line("no cohort runs here");
        if (out.wants_json())
            out.json(boost::json::object{{"exit", 0}, {"reason", "no cohort runs here"}});
    }
    for (const target& each : whom.targets) {
        control::request ask{"ls"};
        ask.budget = 2s;
        auto said = ask_quietly(each, ask, control::client::manner::repeatable);
        if (said.code != exit_code::done) {
            out.line(fmt::format("{}: {}", each.name(), said.reason));
            worst = std::max(worst, said.code);
            continue;
        }
        add_footprints(said.data);
        if (out.wants_json()) {
            out.json(to_json(each, said));
            continue;
        }
        out.print(cohorts_table({said.data}));
        out.line("");
        out.print(slots_table(said.data));
        out.line("");
    }
    return worst;
}

exit_code run_top(const arguments& args, console& out)
{
    const auto every = args.duration("--every", 1s);
    const auto frames = args.number("--frames", 0);
    if (!every || !frames || *every < 100ms)
        return misused(out, top, "--every is 100ms or more, --frames a number");
    auto whom = choose(args, out, args.word(0), missing::all);
    if (whom.failed())
        return whom.code;
    const char* const term = std::getenv("TERM");
    const bool moves = term != nullptr && std::string_view{term} != "dumb";
    const bool live =
        moves && out.is_terminal() && !out.wants_json() && ::isatty(STDIN_FILENO) == 1;
    if (!live)
        return draw(whom, out);
    exit_code code = exit_code::done;
    screen shown{out};
    for (std::size_t frame = 1;; ++frame) {
        shown.begin();
        code = draw(whom, out);
        out.line(out.paint("q leaves", tone::faint));
        out.flush();
        if (frame == *frames || !shown.wait(*every))
            return code;
        if (auto again = control::find_cohorts(control::viewpoint::here());
            again && !args.word(0) && !args.value("--socket"))
        {
            whom.targets.clear();
            for (auto& each : *again)
                whom.targets.push_back({.place = std::move(each), .slot = {}});
        }
    }
}

constexpr auto aliases = std::to_array<std::string_view>({"monit", "imonit"});
constexpr auto flags = std::to_array<flag_rule>({
    {"--every", "-d", "DURATION", "how often to look (1s)"},
    {"--frames", "", "N", "leave after so many looks"},
});

}  // namespace

constinit const verb top{
    .name = "top",
    .aliases = aliases,
    .usage = "top [app] [--every DURATION]",
    .summary = "The cohorts and their slots, looked at again and again.",
    .about = "Where the output is no terminal, or a dumb one: one look.",
    .flags = flags,
    .run = run_top,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
