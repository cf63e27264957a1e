// What a primary says of itself at its start: to the log, and to the service manager.

#include <cohort/primary/primary.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/birth.hpp>

#include <unistd.h>

#include <string>
#include <utility>

namespace cohort::primary {

/// Says what is kept from workers, and refuses to start where that cannot be done: better now than
/// at every birth.
result<> primary::announce_sandbox() const
{
    COHORT_TRY(const auto box, sandbox_of(settings_, settings_.exec));
    if (!box)
        return {};
    log::info("workers live in {}", box->words());
    for (const std::string& each : box->missing())
        log::warn("sandbox: {}; going on", each);
    if (settings_.sandbox.profile == config::sandbox_profile::off)
        return {};
    COHORT_TRY(const auto who, user_of(settings_));
    if (who && who->uid != ::geteuid())
        return {};
    // Landlock does not come between a process and sockets, and the owner of a file may read it.
    if (::geteuid() == 0)
        log::warn("sandbox: workers stay root: its files are theirs to read, and the admin sockets "
                  "of other cohorts listen to them (`user` gives them a user of their own); going "
                  "on");
    else
        log::info("workers are of this primary's user: its files are theirs to read, and the admin "
                  "sockets of its other cohorts listen to them");
    return {};
}

awaitable<> primary::tell_service_manager()
{
    for (const std::string& odd : manager_->oddities())
        log::warn("{}; going on without", odd);
    if (!manager_->listens())
        co_return;
    // Where endpoints are not in the settings, nobody knows yet which will be asked for; and after
    // the first primary the numbers may be somebody else's.
    const bool knows_all = !left_open_ && !settings_.listen.empty();
    auto at_start = [this, knows_all] {
        if (knows_all)
            sockets_->give_up_the_rest();
    };
    std::move_only_function<void()> then{std::move(at_start)};
    co_await notice_->watch(*supervisor_, upkeep_, std::move(then));
}

}  // namespace cohort::primary
