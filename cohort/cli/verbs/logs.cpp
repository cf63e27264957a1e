#include <cohort/cli/verbs.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/cli/log_words.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/observe/log_filter.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A file that grows, and may be replaced or cut. A resource.
class follower {
public:
    explicit follower(fs::path file)
        : path_{std::move(file)}
    {}

    /// Errors: errno of inotify or open(2).
    result<> begin()
    {
        watch_ = unique_fd{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
        constexpr unsigned what = IN_MODIFY | IN_CREATE | IN_MOVED_TO;
        if (!watch_.valid() ||
            ::inotify_add_watch(watch_.borrow(), path_.parent_path().c_str(), what) == -1)
            return failed("follow", path_.string());
        return open();
    }

    /// Gives away whole lines that have come, one after the other: a log may be larger than memory.
    template <class Each>
    void more(Each each)
    {
        struct stat now{};
        if (file_.valid() && ::fstat(file_.borrow(), &now) == 0 && now.st_size < at_) {
            at_ = 0;  // it was cut
            part_.clear();
        }
        const std::size_t lines = read(each);
        struct stat named{};
        if (lines == 0 && ::stat(path_.c_str(), &named) == 0 && named.st_ino != inode_ && open()) {
            at_ = 0;
            read(each);
        }
    }

    /// Until something in the folder changed. Deadline: none, that is what following means.
    /// False: nobody reads what we write any more, `cohort logs -f | head`.
    [[nodiscard]] bool wait()
    {
        std::array ask{pollfd{.fd = watch_.borrow(), .events = POLLIN, .revents = 0},
                       pollfd{.fd = STDOUT_FILENO, .events = 0, .revents = 0}};
        ::poll(ask.data(), ask.size(), -1);
        if (ask[1].revents != 0)
            return false;
        std::array<char, 4096> dropped;
        while (::read(watch_.borrow(), dropped.data(), dropped.size()) > 0) {
        }
        return true;
    }

    void skip_to_end() { at_ = ::lseek(file_.borrow(), 0, SEEK_END); }

private:
    result<> open()
    {
        file_ = unique_fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
        struct stat seen{};
        if (!file_.valid() || ::fstat(file_.borrow(), &seen) == -1)
            return failed("read", path_.string());
        inode_ = seen.st_ino;
        return {};
    }

    /// How many lines there were.
    template <class Each>
    std::size_t read(Each& each)
    {
        std::size_t lines = 0;
        std::array<char, 65'536> piece;
        for (;;) {
            const auto got = ::pread(file_.borrow(), piece.data(), piece.size(), at_);
            if (got <= 0)
                return lines;
            at_ += got;
            part_.append(piece.data(), static_cast<std::size_t>(got));
            std::size_t begin = 0;
            for (auto end = part_.find('\n'); end != std::string::npos;
                 end = part_.find('\n', begin))
            {
                each(part_.substr(begin, end - begin));
                ++lines;
                begin = end + 1;
            }
            part_.erase(0, begin);
            if (part_.size() > line_bytes_max) {
                each(std::exchange(part_, {}));
                ++lines;
            }
        }
    }

    static constexpr std::size_t line_bytes_max = std::size_t{1} << 20;

    fs::path path_;
    unique_fd watch_;
    unique_fd file_;
    ino_t inode_ = 0;
    off_t at_ = 0;
    std::string part_;
};

void show_line(const std::string& line, const arguments& args, console& out)
{
    if (out.wants_json() || args.flag("--raw"))
        out.raw(line + '\n');
    else
        out.raw(readable(line) + '\n');
}

/// What the flags and the slot ask for. Nothing: misused, and that was said.
std::optional<observe::log_filter> filter_of(const arguments& args, console& out)
{
    observe::log_filter filter;
    filter.part = args.value("--grep").value_or("");
    if (const auto level = args.value("--level")) {
        filter.least = observe::rank_of(*level);
        if (!filter.least) {
            misused(out, logs,
                    fmt::format("--level is trace, debug, info, warn, error or fatal, "
                                "not {}",
                                *level));
            return std::nullopt;
        }
    }
    const auto since = args.duration("--since", 0ms);
    if (!since) {
        misused(out, logs, since.error().subject());
        return std::nullopt;
    }
    if (*since > 0ms)
        filter.since = timestamp(wall_now() - *since);
    return filter;
}

/// What is known of the slot; no_such_cohort: there is none, and that was said.
exit_code look_for_slot(const target& whom, observe::log_filter& filter, console& out)
{
    filter.slot = whom.slot;
    if (!whom.slot || whom.place.socket.empty())
        return exit_code::done;
    control::request ask{"show"};
    ask.slot = whom.slot;
    ask.budget = 5s;
    const auto said = ask_quietly(whom, ask, control::client::manner::repeatable);
    filter.pid = number_at(said.data, "pid");
    filter.worker = number_at(said.data, "worker");
    return said.code == exit_code::no_such_cohort ? conclude(whom, said, out) : exit_code::done;
}

/// Its own, where `log.to` says so. Nothing: it has none, or does not run.
std::optional<fs::path> own_file_of(const target& whom)
{
    if (whom.place.socket.empty())
        return std::nullopt;
    control::request ask{"show"};
    ask.slot = whom.slot;
    ask.budget = 5s;
    const auto said = ask_quietly(whom, ask, control::client::manner::repeatable);
    const std::string path = text_at(said.data, "log");
    return path.empty() ? std::nullopt : std::optional<fs::path>{path};
}

/// Which file: of a cohort that runs, or of one that has run.
std::optional<fs::path> file_of(const target& whom, const fs::path& state, console& out)
{
    if (auto own = own_file_of(whom))
        return own;
    std::error_code ec;
    auto file = log_file(state, whom.place.app);
    if (fs::exists(file, ec))
        return file;
    if (recall(state, whom.place.app)) {
        out.problem(fmt::format("{} is not there: it was moved or removed", file.string()));
        out.hint(fmt::format("cohort restart {} writes a new one", whom.place.app));
        return std::nullopt;
    }
    out.problem(
        fmt::format("{} has no log here: it was not started by `cohort start`", whom.place.app));
    out.hint("its lines are where its standard output goes; under systemd: journalctl -u its unit");
    return std::nullopt;
}

/// The last wanted lines of a file, at most so many.
std::deque<std::string> tail_of(follower& of, const observe::log_filter& filter, std::size_t lines)
{
    std::deque<std::string> last;
    of.more([&](std::string line) {
        if (!filter.wants(line))
            return;
        last.push_back(std::move(line));
        if (last.size() > lines)
            last.pop_front();
    });
    return last;
}

/// What was put aside (file.1, file.2 and so on), where the file itself has too few lines.
void add_older(const fs::path& file, const observe::log_filter& filter, std::size_t lines,
               std::deque<std::string>& last)
{
    std::error_code ec;
    for (unsigned i = 1; last.size() < lines; ++i) {
        const fs::path older = fmt::format("{}.{}", file.string(), i);
        follower reads{older};
        if (!fs::exists(older, ec) || !reads.begin())
            return;
        auto before = tail_of(reads, filter, lines - last.size());
        last.insert(last.begin(), std::move_iterator{before.begin()},
                    std::move_iterator{before.end()});
    }
}

exit_code read_one(const target& whom, const arguments& args, console& out, std::size_t lines)
{
    const auto state = state_folder();
    auto filter = filter_of(args, out);
    if (!filter)
        return exit_code::usage;
    if (!state) {
        out.problem(state.error().text());
        return exit_code::refused;
    }
    const auto file = file_of(whom, *state, out);
    if (!file)
        return exit_code::refused;
    if (const auto code = look_for_slot(whom, *filter, out); code != exit_code::done)
        return code;
    follower follows{*file};
    if (const auto begun = follows.begin(); !begun) {
        out.problem(begun.error().text());
        return exit_code::refused;
    }
    auto last = tail_of(follows, *filter, lines);
    add_older(*file, *filter, lines, last);
    for (const std::string& line : last)
        show_line(line, args, out);
    out.flush();
    while (args.flag("--follow")) {
        follows.more([&](const std::string& line) {
            if (filter->wants(line))
                show_line(line, args, out);
        });
        out.flush();
        if (!follows.wait())
            break;
    }
    return exit_code::done;
}

exit_code run_logs(const arguments& args, console& out)
{
    const bool all_since = args.value("--since").has_value() && !args.value("--lines");
    const auto lines = args.number("--lines", all_since ? std::size_t{1'000'000} : 15);
    if (!lines)
        return misused(out, logs, lines.error().subject());
    const auto word = args.word(0);
    // Of a cohort that has ended, the log is what is left.
    if (word && *word != "all" && !args.value("--socket")) {
        const auto state = state_folder();
        const auto [app, slot] = take_apart_name(*word);
        std::error_code ec;
        for (const auto& name : {*word, app}) {
            if (!state || !fs::exists(log_file(*state, name), ec))
                continue;
            target whom;
            whom.place.app = name;
            if (name != *word)
                whom.slot = slot;
            if (const auto found = control::find_cohorts(control::viewpoint::here()); found) {
                const auto at = std::ranges::find(*found, name, &control::cohort_place::app);
                if (at != found->end())
                    whom.place = *at;
            }
            return read_one(whom, args, out, *lines);
        }
    }
    const auto whom = choose(args, out, word, missing::only_one);
    if (whom.failed())
        return whom.code;
    if (args.flag("--follow") && whom.targets.size() > 1)
        return misused(out, logs, "only one cohort can be followed at a time");
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets)
        worst = std::max(worst, read_one(each, args, out, *lines));
    return worst;
}

constexpr auto flags = std::to_array<flag_rule>({
    {"--follow", "-f", "", "go on with what comes"},
    {"--lines", "-n", "N", "so many of the last ones (15)"},
    {"--since", "", "DURATION", "not older than that: 10m"},
    {"--grep", "", "TEXT", "only lines that contain it"},
    {"--level", "", "LEVEL", "trace, debug, info, warn, error or fatal, and what is worse"},
    {"--raw", "", "", "the lines as they were written"},
});

}  // namespace

constinit const verb logs{
    .name = "logs",
    .aliases = {},
    .usage = "logs [app[.slot]] [-f] [-n N] [--since 10m] [--grep TEXT] [--level LEVEL] [--json]",
    .summary = "What an app has written: to its log file, or since `cohort start`.",
    .about =
        "After its end, what went to the standard output. With --json the lines are as they "
        "were written. Where there are too few, those of files that were put aside come first.",
    .flags = flags,
    .run = run_logs,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
