#pragma once
// Asks all threads of a worker where they are. The worker goes on meanwhile; whoever cannot answer
// (a stopped process, a thread that blocks signals, another program) is described by what the
// kernel says of it.

#include <cohort/board/stack_sheet.hpp>
#include <cohort/process/program_map.hpp>
#include <cohort/process/thread_view.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::process {

/// One thread, and where it is. A value.
struct thread_stack {
    thread_view of;
    board::stack_reading shown;  ///< empty frames: see `silence`
    std::string silence;         ///< why it showed none; empty: it did
};

/// All of them, at one moment. A value.
struct stacks_of_all {
    std::vector<thread_stack> threads;
    std::size_t more = 0;  ///< that were too many to ask
    program_map code;      ///< empty: we may not look
};

/// Whom to ask. A value; nothing of it is owned.
struct stack_witness {
    pid_t process = 0;
    int pidfd = -1;  ///< of a process that somebody else reaps; -1: our own child, not reaped yet
    board::stack_sheet* sheet = nullptr;  ///< nullptr: it shows nothing
};

/// One question, under way. A value; one at a time for each sheet.
class stack_question {
public:
    /// Puts it: some system calls for each thread, up to board::stack_threads_max of them.
    [[nodiscard]] static stack_question put(const stack_witness& to);

    /// Nobody is waited for any more.
    [[nodiscard]] bool answered() const noexcept;
    /// What is there by now. Order: while the process lives, if it does.
    [[nodiscard]] stacks_of_all take();

private:
    explicit stack_question(const stack_witness& to) noexcept
        : to_{to}
    {}
    [[nodiscard]] bool is_asked(std::size_t number) const noexcept;
    void ask(std::size_t number);

    stack_witness to_;
    std::uint32_t round_ = 0;
    threads_view seen_;
    std::vector<std::string> silence_;  // of each thread; empty: it was asked
};

}  // namespace cohort::process
