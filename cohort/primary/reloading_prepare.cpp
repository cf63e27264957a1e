// Where a new generation comes from.

#include <cohort/primary/reloading.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/ledger_layout.hpp>
#include <cohort/config/difference.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/program_file.hpp>
#include <cohort/process/origin.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

namespace {

fault invalid(std::string words)
{
    return {make_error_code(errc::bad_value), "reload", std::move(words)};
}

}  // namespace

awaitable<result<>> reloading::prepare()
{
    if (from_ == source::previous) {
        next_ = of_.previous();
        if (!next_->needs_mold())
            co_return result<>{};
        COHORT_CO_TRY(auto begun, begin_mold(next_->binary));
        auto again = co_await mold::ready(begun, next_->settings().ready.timeout);
        if (!again)
            co_return std::unexpected(std::move(again).error());
        next_->maker = std::move(begun);
        co_return result<>{};
    }
    result<> done;
    if (of_.current()->settings().exec.empty())
        done = co_await prepare_own();
    else
        done = prepare_program();
    if (done)
        done = next_->write_down();
    else if (done.error().why() == errc::bad_value)
        invalid_ = true;
    co_return done;
}

result<> reloading::prepare_program()
{
    if (!read_settings_)
        return std::unexpected(invalid("there is nowhere to read the settings from"));
    COHORT_TRY(auto wanted, read_settings_());
    COHORT_TRY(check(wanted));
    COHORT_TRY(auto file, hold_program(wanted.exec, wanted.cwd));
    next_ = std::make_shared<generation>(next_number(), std::move(wanted));
    next_->hold(std::move(file));
    next_->mark_files();
    return {};
}

awaitable<result<>> reloading::prepare_own()
{
    COHORT_CO_TRY(const process::origin start, process::own_origin());
    COHORT_CO_TRY(auto binary, hold_binary(start.path));
    COHORT_CO_TRY(auto begun, begin_mold(binary));
    tell_(fmt::format("{} starts (pid {})", start.path, begun->pid()));
    auto wanted = co_await mold::ready(begun, of_.current()->settings().ready.timeout);
    if (!wanted)
        co_return std::unexpected(std::move(wanted).error());
    COHORT_CO_TRY(check(*wanted));
    next_ = std::make_shared<generation>(next_number(), *std::move(wanted));
    next_->binary = std::move(binary);
    next_->maker = std::move(begun);
    co_return result<>{};
}

/// A later one than all that are known: also those of a primary before this one.
std::uint32_t reloading::next_number()
{
    last_number_ = std::max(last_number_, of_.newest());
    return ++last_number_;
}

result<std::shared_ptr<mold>> reloading::begin_mold(const unique_fd& binary, told what) const
{
    COHORT_TRY(process::origin start, process::own_origin());
    mold_plan how;
    how.path = std::move(start.path);
    how.binary = binary.valid() ? binary.borrow() : -1;
    how.args = std::move(start.args);
    how.folder = std::move(start.folder);
    if (what == told::nothing)
        return mold::start(how);
    how.known = of_.current()->settings().env;
    if (of_.previous())
        how.known.insert(of_.previous()->settings().env.begin(),
                         of_.previous()->settings().env.end());
    return mold::start(how);
}

awaitable<result<reloading::candidate>> reloading::try_out(nanoseconds patience)
{
    candidate found;
    COHORT_CO_TRY(process::origin start, process::own_origin());
    COHORT_CO_TRY(found.binary, hold_binary(start.path));
    // Values that came from a descriptor do not come along: better to fail here than there.
    COHORT_CO_TRY(const auto begun, begin_mold(found.binary, told::nothing));
    auto wanted = co_await mold::ready(begun, patience);
    if (!wanted)
        co_return std::unexpected(std::move(wanted).error());
    if (begun->made().ledger_layout != board::ledger_layout_number) {
        co_return failed(errc::answer_failed, "upgrade",
                         fmt::format("the new program was built with Cohort {}, whose primary "
                                     "writes down another way what it has (ledger layout {}, here "
                                     "{}); a restart can take it in",
                                     begun->made().version, begun->made().ledger_layout,
                                     board::ledger_layout_number));
    }
    COHORT_CO_TRY(check(*wanted));
    found.path = std::move(start.path);
    found.version = begun->made().version;
    co_return std::move(found);
}

awaitable<result<config::difference>> reloading::look_ahead()
{
    if (busy_)
        co_return failed(errc::queue_full, "plan", "a reload is under way");
    const generation_ptr now_serves = of_.current();
    const config::settings& now = now_serves->settings();
    if (!now.exec.empty()) {
        if (!read_settings_)
            co_return std::unexpected(invalid("there is nowhere to read the settings from"));
        COHORT_CO_TRY(const auto wanted, read_settings_());
        co_return config::compare(now, wanted);
    }
    // Only the program itself knows what it makes of its file; it is ended again.
    COHORT_CO_TRY(const process::origin start, process::own_origin());
    COHORT_CO_TRY(auto binary, hold_binary(start.path));
    COHORT_CO_TRY(auto begun, begin_mold(binary));
    auto wanted = co_await mold::ready(begun, now.ready.timeout);
    if (!wanted)
        co_return std::unexpected(std::move(wanted).error());
    co_return config::compare(now, *wanted);
}

std::vector<std::string> reloading::not_held() const
{
    std::vector<std::string> paths;
    for (const file_mark& each : of_.current()->files.value_or(std::vector<file_mark>{}))
        paths.push_back(each.path);
    return paths;
}

/// Some settings are fixed for as long as there is a primary.
result<> reloading::check(const config::settings& wanted) const
{
    const auto all = config::compare(of_.current()->settings(), wanted);
    std::string fixed;
    for (const config::change& each : all.changes) {
        if (each.when == config::effect::restart)
            fixed += fmt::format("{}{}: {} -> {}", fixed.empty() ? "" : "; ", each.key, each.before,
                                 each.after);
    }
    if (fixed.empty())
        return {};
    return std::unexpected(invalid(fixed + " takes a stop and a start; nothing was changed"));
}

}  // namespace cohort::primary
