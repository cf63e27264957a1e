#pragma once
// Everything a fork and exec needs, prepared before: the newborn touches only what is in here, and
// allocates nothing. Closed to other rooms.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/spawn.hpp>

#include <sys/resource.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace cohort::process::detail {

/// A descriptor and the number that the program will find it under.
struct placement {
    int from;
    int to;
};

/// A program, ready to be started. A resource.
class launch {
public:
    /// Errors: errc::bad_value, a number twice or out of range, or a NUL in a text; errno with the
    /// step that failed.
    [[nodiscard]] static result<launch> prepare(const program& what);

    /// In the newborn: takes every step and becomes the program. Returns only on failure.
    /// Async-signal-safe.
    [[nodiscard]] stumble go(pid_t parent) noexcept;

    /// In the newborn: tells the parent why there is no program.
    void confess(const stumble& why) noexcept;

    /// In the parent, after the fork: waits until the program runs or has confessed.
    /// Errors: errno of the step, in words.
    [[nodiscard]] result<> outcome();

    /// The caller's ends of the pipes.
    [[nodiscard]] stdio_pipes take_pipes() noexcept;

private:
    explicit launch(const program& what);
    result<> prepare_streams();
    result<> prepare_stream(const stdio& plan, int number, unique_fd& ours);
    result<> place(unique_fd from, int to);
    result<> prepare_paths();
    result<> prepare_binary();
    void prepare_limits() noexcept;
    void write_pid() noexcept;
    [[nodiscard]] int execute() noexcept;
    [[nodiscard]] fault explain(const stumble& why) const;

    const program* what_;
    std::vector<std::string> paths_;  // what to try to execute, in order
    std::vector<char*> argv_;
    std::vector<char*> envp_;
    std::vector<std::string> own_pid_;  // "LISTEN_PID=", and room for digits
    std::optional<rlimit> files_;
    int binary_ = -1;  // what is executed instead of a path
    std::vector<placement> placements_;
    std::vector<unique_fd> moved_;  // what the placements are made from, above every target
    std::vector<int> open_after_;   // sorted: all that the program may find, and the report
    unique_fd report_in_;
    unique_fd report_out_;
    stdio_pipes pipes_;
    int above_;  // numbers from here on are nobody's target
};

}  // namespace cohort::process::detail
