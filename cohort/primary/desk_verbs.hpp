#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/control/server.hpp>

#include <string_view>

namespace cohort::primary {

/// Verbs of the admin socket that somebody else in the primary answers: whoever reloads, keeps
/// crash reports, and so on. See desk::add().
class desk_verbs {
public:
    /// Whether it answers this verb; it may take one away from the desk.
    [[nodiscard]] virtual bool answers(std::string_view verb) const noexcept = 0;

    /// Answers it. `to` hears progress until the answer is there. Ends within the request's budget.
    /// Cancel: when the primary ends.
    [[nodiscard]] virtual awaitable<control::answer> handle(control::request what,
                                                            control::asker& to) = 0;

protected:
    ~desk_verbs() = default;
};

}  // namespace cohort::primary
