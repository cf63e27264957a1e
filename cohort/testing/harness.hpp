#pragma once
// Whole programs under test: started, listened to, asked over real sockets, and always ended.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/spawn.hpp>

#include <boost/json/object.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace cohort::testing {

/// Long enough for a loaded machine and a sanitizer, so that only a real hang runs into it.
inline constexpr seconds patience{120};

/// A folder of its own, removed with all it holds at the end. A resource.
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// How to start a program. A value.
struct launch {
    std::string exec;
    std::vector<std::string> args = {};
    std::vector<std::string> env = {};  ///< "NAME=value", over ours
    std::string cwd = {};
    std::vector<process::kept_descriptor> keep = {};  ///< that the program finds under numbers
};

/// A program that writes log lines (JSON, one a line) to its standard output. A resource.
///
/// Blocking, for tests: whoever waits names what for, and gives up after `patience`. Its standard
/// error is kept apart and shown by errors(). Destroying it asks it to stop, then kills it, and
/// never leaves it running.
class running_program {
public:
    /// Throws failure if it cannot be started.
    explicit running_program(const launch& how);
    ~running_program();
    running_program(const running_program&) = delete;
    running_program& operator=(const running_program&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return child_.pid(); }

    /// Where its admin socket is, unless the environment that it was given names another folder:
    /// programs of the same name that run at the same time do not meet.
    [[nodiscard]] const std::filesystem::path& runtime_folder() const noexcept
    {
        return runtime_.path();
    }

    using wanted = std::function<bool(const boost::json::object& line)>;

    /// The next line that `is_it` likes; earlier ones are dropped from the queue but stay in
    /// lines(). Throws failure (errc::deadline_passed, with all lines seen) if none comes.
    boost::json::object wait_for(const wanted& is_it, nanoseconds budget = patience);

    /// The next line whose message contains `part`.
    boost::json::object wait_for(std::string_view part, nanoseconds budget = patience);

    /// Waits for `count` lines whose message contains `part` and returns them.
    std::vector<boost::json::object> wait_for_all(std::string_view part, std::size_t count,
                                                  nanoseconds budget = patience);

    /// Everything that it wrote to its standard output so far, line by line.
    [[nodiscard]] const std::vector<std::string>& lines();

    /// Everything that it wrote to its standard error so far.
    [[nodiscard]] const std::string& errors();

    void signal(int number);

    /// Waits for its end. Throws failure (errc::deadline_passed) if it does not come.
    process::exit_reason wait(nanoseconds budget = patience);

    /// SIGTERM, then its end.
    process::exit_reason stop(nanoseconds budget = patience);

private:
    bool read_more(nanoseconds budget);
    void take_lines();
    [[noreturn]] void give_up(std::string what);

    temporary_folder runtime_;
    process::child child_;
    std::string unfinished_;
    std::string errors_;
    std::vector<std::string> lines_;
    std::size_t next_ = 0;
    bool ended_ = false;
};

/// What /proc/<pid>/<name> says; empty, or cut short, when the process ends meanwhile.
[[nodiscard]] std::string read_about(pid_t pid, std::string_view name);

/// The living children of a process, by /proc. In the order of their pids.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

/// Does the process exist, and is it more than a zombie?
[[nodiscard]] bool is_alive(pid_t pid);

/// What `ps` shows of it: its command line with spaces.
[[nodiscard]] std::string title_of(pid_t pid);

/// Asks again and again, at each change of the clock's tick, until `holds` or the budget is used
/// up; returns whether it held. For states that nobody announces, such as an entry in /proc.
[[nodiscard]] bool eventually(const std::function<bool()>& holds, nanoseconds budget = patience);

}  // namespace cohort::testing
