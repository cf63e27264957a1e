// A cluster whose process another program had before: an upgrade. And the root, which is where one
// program follows the other.

#include <cohort/app/cluster_parts.hpp>
#include <cohort/base/try.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/permit.hpp>

#include <fmt/format.h>

#include <utility>

namespace cohort {

using cohort::primary::estate;
using cohort::primary::outcome;

result<int> cluster::parts::found(cluster& group, const estate& of, process::reign begins)
{
    COHORT_TRY(auto permit, process::fork_permit::ask());
    process::root_plan plan;
    plan.title = fmt::format("cohort: root ({})", chosen.name);
    plan.life = [&](process::reign which) noexcept { return reign(group, &of, which); };
    plan.begins = begins;
    plan.renew = [&]() noexcept {
        of.upgrade_failed(of.renew(estate::heir::next, manager).text());
    };
    return process::run_root(std::move(permit), std::move(plan));
}

result<> cluster::parts::fit_to_take_over() const
{
    if (chosen.instead)
        return cohort::failed(errc::bad_value, "go on as the primary", chosen.instead->text);
    if (const auto wrong = config::problems(chosen); !wrong.empty())
        return cohort::failed(errc::bad_value, "go on as the primary", config::text(wrong));
    if (!escaped_early.empty())
        return cohort::failed(errc::bad_value, "go on as the primary", escaped_early);
    return {};
}

int cluster::parts::take_over(cluster& group, const result<std::optional<process::legacy>>& left)
{
    for (const std::string& warning : chosen.warnings)
        log::warn("{}", warning);
    manager = process::service_manager::take_from_environment();
    auto found_there = left ? estate::take_over(**left) : std::unexpected(left.error());
    if (!found_there) {
        // The trial compares layouts: this is somebody else's environment.
        log::fatal("cannot go on in this process: {}", found_there.error().text());
        return static_cast<int>(outcome::refused);
    }
    const estate& from = *found_there;
    if (const auto fit = fit_to_take_over(); !fit)
        return go_back(from, fit.error().text());
    board::ledger_upgrade words = from.book.upgrade().value();
    if (words.stage == board::upgrade_stage::begun) {
        words.stage = board::upgrade_stage::arrived;
        from.book.upgrade().commit(words);
    }
    care = cohort::primary::care::kept;
    const auto code = found(group, from, process::reign::successor);
    if (code)
        return *code;
    return go_back(from, code.error().text());
}

int cluster::parts::go_back(const estate& from, std::string_view why)
{
    log::error("{}; the program before goes on", why);
    const bool was_there = from.book.upgrade().value().stage == board::upgrade_stage::failed;
    from.upgrade_failed(why);
    // Neither of the two can: then nobody supervises, and the workers end.
    if (!was_there)
        log::fatal("{}", from.renew(estate::heir::before, manager).text());
    return static_cast<int>(outcome::failed);
}

}  // namespace cohort
