#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/reloading.hpp>
#include <cohort/primary/service_notice.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace cohort::primary {

/// The verbs of the admin socket that replace one generation by another: reload, rollback, plan. A
/// resource. Meanwhile those that change the number of workers are answered here, too: no.
///
/// What was begun goes on when the asker hangs up or runs out of patience: it hears then that the
/// truth is not known yet.
class transactions final : public desk_verbs {
public:
    /// All outlive it; `tasks` is where a reload runs.
    transactions(asio::any_io_executor executor, reloading& of, chronicle& past,
                 service_notice& notice, scope& tasks)
        : of_{of}, past_{past}, notice_{notice}, tasks_{tasks}, ended_{std::move(executor)}
    {}

    /// For a signal, whose sender hears nothing: the log has the verdict. While one is under way,
    /// one more follows it, however often this is asked.
    void reload_soon();

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    struct transaction;
    [[nodiscard]] awaitable<control::answer> replace(control::request what, control::asker& to);
    [[nodiscard]] awaitable<control::answer> plan();
    [[nodiscard]] awaitable<> run(std::shared_ptr<transaction> which);
    [[nodiscard]] awaitable<> reload_logged();
    void tell_end(const reload_report& how);
    [[nodiscard]] bool is_held_back(std::string_view verb) const noexcept;

    reloading& of_;
    chronicle& past_;
    service_notice& notice_;
    scope& tasks_;
    wakeup ended_;
    bool once_more_ = false;
    bool by_signal_ = false;  // reload_logged() runs
};

}  // namespace cohort::primary
