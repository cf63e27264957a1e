#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/primary/worker_handle.hpp>
#include <cohort/process/frame_finder.hpp>
#include <cohort/process/stack_question.hpp>

#include <boost/json/array.hpp>

#include <string>

namespace cohort::primary {

/// Looks at the stacks of one worker: first where its threads are, while it lives; then, with more
/// time, what the functions there are called. A resource of the primary's loop.
class examination {
public:
    /// Asks its threads, and waits for them up to `patience`. Whoever asks it at the same time
    /// comes after. Cancel: total; what is there by then counts.
    [[nodiscard]] awaitable<> look(worker_ptr who, nanoseconds patience);
    /// Finds the names, a millisecond at a time. Order: after look(). Cancel: what is found counts.
    [[nodiscard]] awaitable<> find_names();

    [[nodiscard]] const process::stacks_of_all& seen() const noexcept { return seen_; }
    [[nodiscard]] const process::frame_finder& names() const noexcept { return names_; }

    /// For people; bounded.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] boost::json::array to_json() const;

private:
    process::stacks_of_all seen_;
    process::frame_finder names_;
};

}  // namespace cohort::primary
