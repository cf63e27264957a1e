#include <cohort/testing/harness.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace cohort::testing {

namespace {

process::child start(const launch& how, const temporary_folder& runtime)
{
    process::program what;
    what.exec = how.exec;
    what.args = how.args;
    // The first of a name counts: a test may have a folder of its own.
    std::vector<std::string> env = how.env;
    env.push_back("COHORT_RUNTIME_DIR=" + runtime.path().string());
    what.env = process::environment_with(env);
    what.cwd = how.cwd;
    what.keep = how.keep;
    what.in = process::stdio::null();
    what.out = process::stdio::pipe();
    what.err = process::stdio::pipe();
    auto permit = process::fork_permit::ask();
    if (!permit)
        throw failure{permit.error()};
    auto born = process::spawn(std::move(*permit), what);
    if (!born)
        throw failure{born.error()};
    return std::move(*born);
}

/// Reads what is there; false once the writer is gone.
bool read_into(unique_fd& from, std::string& text)
{
    std::array<char, 16384> piece;
    const auto got = ::read(from.borrow(), piece.data(), piece.size());
    if (got > 0) {
        text.append(piece.data(), static_cast<std::size_t>(got));
        return true;
    }
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return true;
    from.reset();
    return false;
}

int milliseconds_left(steady_time until)
{
    const auto left = std::chrono::ceil<milliseconds>(until - now());
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
}

std::string message_of(const boost::json::object& line)
{
    const auto* const message = line.if_contains("message");
    if (message == nullptr || !message->is_string())
        return {};
    return std::string{message->as_string()};
}

/// Fields of /proc/<pid>/stat after the name, which may itself contain anything: state is 0.
std::vector<std::string> stat_fields(pid_t pid)
{
    const std::string text = read_about(pid, "stat");
    const auto name_ends = text.rfind(')');
    if (name_ends == std::string::npos)
        return {};
    std::istringstream rest{text.substr(name_ends + 1)};
    return {std::istream_iterator<std::string>{rest}, {}};
}

}  // namespace

temporary_folder::temporary_folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "cohort-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw failure{fault(last_errno(), "make temporary folder", name)};
    path_ = name;
}

temporary_folder::~temporary_folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

running_program::running_program(const launch& how)
    : child_{start(how, runtime_)}
{}

running_program::~running_program()
{
    // A stopped process hears no SIGTERM. Whatever is left after that is killed by ~child().
    (void)child_.signal(SIGCONT);
    (void)child_.signal(SIGTERM);
    const steady_time until = now() + seconds{5};
    while (!child_.try_reap() && now() < until)
        read_more(milliseconds{20});
}

bool running_program::read_more(nanoseconds budget)
{
    unique_fd& out = child_.pipes.out;
    unique_fd& err = child_.pipes.err;
    std::array<pollfd, 3> wait{};
    wait[0] = {out.valid() ? out.borrow() : -1, POLLIN, 0};
    wait[1] = {err.valid() ? err.borrow() : -1, POLLIN, 0};
    // Children of a dead program may hold its pipes open: its own end counts, too.
    wait[2] = {ended_ ? -1 : child_.pidfd().borrow(), POLLIN, 0};
    if (::poll(wait.data(), wait.size(), milliseconds_left(now() + budget)) <= 0)
        return false;
    bool read = false;
    if (wait[0].revents != 0)
        read = read_into(out, unfinished_) || read;
    if (wait[1].revents != 0)
        read = read_into(err, errors_) || read;
    ended_ = ended_ || wait[2].revents != 0;
    take_lines();
    return read || wait[2].revents != 0;
}

void running_program::take_lines()
{
    for (auto end = unfinished_.find('\n'); end != std::string::npos; end = unfinished_.find('\n'))
    {
        lines_.push_back(unfinished_.substr(0, end));
        unfinished_.erase(0, end + 1);
    }
}

void running_program::give_up(std::string what)
{
    throw failure{fault(errc::deadline_passed, "wait for",
                        fmt::format("{}; standard output:\n{}\nstandard error:\n{}", what,
                                    fmt::join(lines_, "\n"), errors_))};
}

boost::json::object running_program::wait_for(const wanted& is_it, nanoseconds budget)
{
    const steady_time until = now() + budget;
    for (;;) {
        while (next_ < lines_.size()) {
            boost::system::error_code ec;
            const auto value = boost::json::parse(lines_[next_++], ec);
            if (!ec && value.is_object() && is_it(value.as_object()))
                return value.as_object();
        }
        const nanoseconds left = until - now();
        const bool mute = !child_.pipes.out.valid();
        if (left <= nanoseconds{0} || mute || (!read_more(left) && ended_))
            give_up("a log line");
    }
}

boost::json::object running_program::wait_for(std::string_view part, nanoseconds budget)
{
    try {
        return wait_for(
            [part](const boost::json::object& line) {
                return message_of(line).find(part) != std::string::npos;
            },
            budget);
    } catch (const failure&) {
        give_up(fmt::format("a log line with \"{}\"", part));
    }
}

std::vector<boost::json::object>
running_program::wait_for_all(std::string_view part, std::size_t count, nanoseconds budget)
{
    const steady_time until = now() + budget;
    std::vector<boost::json::object> found;
    while (found.size() < count)
        found.push_back(wait_for(part, until - now()));
    return found;
}

const std::vector<std::string>& running_program::lines()
{
    while (read_more(nanoseconds{0}) && !ended_) {
    }
    return lines_;
}

const std::string& running_program::errors()
{
    while (read_more(nanoseconds{0}) && !ended_) {
    }
    return errors_;
}

void running_program::signal(int number)
{
    if (const auto sent = child_.signal(number); !sent)
        throw failure{sent.error()};
}

process::exit_reason running_program::wait(nanoseconds budget)
{
    const steady_time until = now() + budget;
    for (;;) {
        if (const auto reason = child_.try_reap()) {
            while (child_.pipes.out.valid() && read_more(nanoseconds{0})) {
            }
            return *reason;
        }
        const nanoseconds left = until - now();
        if (left <= nanoseconds{0})
            give_up(fmt::format("the end of process {}", pid()));
        read_more(left);
    }
}

process::exit_reason running_program::stop(nanoseconds budget)
{
    signal(SIGTERM);
    return wait(budget);
}

std::vector<pid_t> children_of(pid_t parent)
{
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const auto pid = parse_integer<pid_t>(entry.path().filename().native());
        if (!pid)
            continue;
        const auto fields = stat_fields(*pid);
        if (fields.size() > 1 && fields[0] != "Z" && fields[1] == std::to_string(parent))
            found.push_back(*pid);
    }
    std::ranges::sort(found);
    return found;
}

std::string read_about(pid_t pid, std::string_view name)
{
    const std::ifstream file{fmt::format("/proc/{}/{}", pid, name)};
    // This operator keeps to itself what the buffer throws when the process is gone (ESRCH);
    // iterators over the buffer do not.
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

bool is_alive(pid_t pid)
{
    const auto fields = stat_fields(pid);
    return !fields.empty() && fields[0] != "Z" && fields[0] != "X";
}

std::string title_of(pid_t pid)
{
    std::string text = read_about(pid, "cmdline");
    while (!text.empty() && text.back() == '\0')
        text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    return text;
}

bool eventually(const std::function<bool()>& holds, nanoseconds budget)
{
    const steady_time until = now() + budget;
    while (!holds()) {
        if (now() >= until)
            return false;
        ::poll(nullptr, 0, 1);
    }
    return true;
}

}  // namespace cohort::testing
