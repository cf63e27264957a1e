#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/server.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/office.hpp>
#include <cohort/primary/survey.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::primary {

/// Answers what operators ask over the admin socket. A resource of the primary's loop.
///
/// It says what it saw, not what it ordered: a verb that changes something waits until the change
/// is there, or its budget is used up.
class desk final : public control::desk {
public:
    explicit desk(office with)
        : with_{std::move(with)}
    {}

    /// Somebody who answers verbs of its own; the first one added is asked first, the desk last.
    void add(desk_verbs& more) { others_.push_back(&more); }

    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    using answering = awaitable<control::answer>;
    struct verb;
    static const std::vector<verb>& verbs();

    [[nodiscard]] answering list(control::request what, control::asker& to);
    [[nodiscard]] answering show(control::request what, control::asker& to);
    [[nodiscard]] answering scale(control::request what, control::asker& to);
    [[nodiscard]] answering stop(control::request what, control::asker& to);
    [[nodiscard]] answering drain(control::request what, control::asker& to);
    [[nodiscard]] answering resume(control::request what, control::asker& to);
    [[nodiscard]] answering drain_all(control::request what, control::asker& to);
    [[nodiscard]] answering resume_all(control::request what, control::asker& to);
    [[nodiscard]] answering signal(control::request what, control::asker& to);
    [[nodiscard]] answering send(control::request what, control::asker& to);
    [[nodiscard]] answering events(control::request what, control::asker& to);
    [[nodiscard]] answering why(control::request what, control::asker& to);
    [[nodiscard]] answering dump(control::request what, control::asker& to);
    [[nodiscard]] awaitable<> keep_stacks(std::vector<std::uint32_t> ids);

    [[nodiscard]] surveyed around();
    [[nodiscard]] result<std::vector<std::uint32_t>> ids_of(const control::request& what) const;
    [[nodiscard]] std::vector<slot_view> seats_of(const control::request& what) const;

    office with_;
    std::vector<desk_verbs*> others_;
};

}  // namespace cohort::primary
