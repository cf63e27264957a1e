#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/estate.hpp>
#include <cohort/primary/reloading.hpp>
#include <cohort/primary/supervisor.hpp>

#include <functional>
#include <string_view>
#include <vector>

namespace cohort::primary {

/// The verb `upgrade`: the program that lies on disk now becomes the primary (and the root), while
/// the workers go on. A resource.
///
/// It is tried out first: one that does not start, or cannot go on here, changes nothing. Then this
/// primary writes down what it has, and leaves. The next one, whichever it is, finds in the estate
/// what was wanted, and says over the asker's own connection how it went.
class upgrading final : public desk_verbs {
public:
    /// All outlive it. `from`: nullptr, nothing outlives this primary, and nothing can be upgraded.
    struct parts {
        supervisor& workers;
        reloading& turns;
        chronicle& past;
        scope& tasks;
        const estate* from;
    };
    explicit upgrading(parts with)
        : with_{with}
    {}

    /// In a primary that follows another: takes the connection of who asked that one for an upgrade
    /// out of what it left open. Order: before that is sorted.
    void take_asker(std::vector<int>& left_open);
    /// In such a primary: was an upgrade under way, and has it come to this?
    [[nodiscard]] bool arrived() const noexcept;
    /// Says how an upgrade went that was under way, once all workers have greeted.
    [[nodiscard]] awaitable<> conclude();

    /// For a signal, whose sender hears nothing: the log has the verdict.
    void upgrade_soon();

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    using progress = std::function<void(std::string_view)>;
    struct turn;

    [[nodiscard]] awaitable<control::answer> run(nanoseconds patience, progress tell,
                                                 control::asker* to);
    [[nodiscard]] awaitable<> run_logged();
    void begin(const control::asker* to) const;
    [[nodiscard]] control::answer go(const reloading::candidate& next);
    [[nodiscard]] control::answer verdict(const board::ledger_upgrade& words) const;

    parts with_;
    unique_fd asker_;  // of the primary before us
    bool by_signal_ = false;
};

}  // namespace cohort::primary
