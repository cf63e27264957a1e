#include <cohort/app/cluster.hpp>

#include <cohort/app/cluster_parts.hpp>
#include <cohort/app/life.hpp>
#include <cohort/app/program_note.hpp>
#include <cohort/app/role.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/base/try.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/dashboard/dashboard.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/observe/tracer.hpp>
#include <cohort/primary/care.hpp>
#include <cohort/primary/estate.hpp>
#include <cohort/primary/file_mark.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/primary/mold.hpp>
#include <cohort/primary/trace_terms.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/origin.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/root.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr int bad_configuration = 2;

/// What of it cannot be as it shall; empty: nothing.
std::string configure_log(const settings& s)
{
    const auto begun = primary::begin_log(s);
    return begun ? std::string{} : fmt::format("log.to: {}", begun.error().text());
}

primary::upkeep upkeep_of(const settings& s)
{
    return s.supervision == supervision::automatic ? primary::upkeep::automatic
                                                   : primary::upkeep::by_hand;
}

/// What a reload would read anew.
std::vector<std::string> files_to_watch(const settings& s)
{
    std::vector<std::string> all;
    if (!s.file.empty())
        all.push_back(s.file);
    if (const auto start = process::own_origin(); s.exec.empty() && start)
        all.push_back(start->path);
    for (primary::file_mark& each : primary::files_of(s, primary::program_is::named))
        all.push_back(std::move(each.path));
    return all;
}

/// A program that was exec'ed as a worker: same life as a forked one, other birth.
void begin_executed_worker(settings& s)
{
    if (const char* app = ::getenv(primary::variable::app))
        s.name = app;
    if (const char* slot = ::getenv(primary::variable::slot))
        process::set_title(fmt::format("cohort: worker {} ({})", slot, s.name));
    const auto orphan = process::die_with_parent(::getppid(), s.stop.timeout);
    if (!orphan)
        log::warn("{}; the primary seems to be gone", orphan.error().text());
}

}  // namespace

void cluster::parts::live(unique_fd channel) noexcept
{
    in_worker = true;
    detail::live_as_worker(std::move(channel), chosen, main);
}

void cluster::parts::live_on(cohort::primary::birthright mine) noexcept
{
    in_worker = true;
    detail::live_as_kept_worker(std::move(mine), chosen, main);
}

void cluster::parts::show(const cohort::primary::exhibit& what) noexcept
{
    in_worker = true;  // none, but nothing of the primary's is to be used here either
    dashboard::premises all;
    all.local = what.local;
    all.remote = what.remote;
    all.hatch = what.hatch;
    all.free_filters = what.free_filters;
    all.token = what.token;
    all.view_token = what.view_token;
    all.beats = what.beats;
    all.settings = what.settings;
    all.board = what.board;
    all.telemetry = what.telemetry;
    all.resident = what.resident;
    dashboard::live(all);
}

task<ipc::message> cluster::parts::answer(worker_info who, ipc::message what)
{
    const auto hook = request_hook;
    if (!hook)
        throw failure{fault(make_error_code(errc::not_supported), "answer request")};
    co_return co_await (*hook)(who, std::move(what));
}

cluster::cluster(cohort::settings wanted)
    : parts_{std::make_unique<parts>(std::move(wanted))}
{}
cluster::~cluster() = default;

int cluster::run_main(worker_main main)
{
    detail::keep_program_note();
    auto& chosen = parts_->chosen;
    auto mold = primary::take_mold_line();
    if (!mold || mold->valid())
        return be_mold(std::move(mold), std::move(main));
    if (is_worker()) {
        primary::log_by(chosen.log);
        if (::getenv(primary::variable::output_read) != nullptr)
            log::export_by_reader();
        auto channel = detail::take_channel_from_environment();
        if (channel && channel->valid()) {
            begin_executed_worker(chosen);
            observe::tracer::configure_unless_done(primary::telemetry_of(chosen).tracing);
            detail::live_as_worker(std::move(*channel), chosen, main);
        }
    }
    if (const auto& left = process::found_legacy(); !left || *left) {
        if (const auto trouble = configure_log(chosen); !trouble.empty())
            log::error("{}; going on on the standard output", trouble);
        parts_->main = std::move(main);
        return parts_->take_over(*this, left);
    }
    if (chosen.instead) {
        fmt::print(chosen.instead->exit_code == 0 ? stdout : stderr, "{}", chosen.instead->text);
        return chosen.instead->exit_code;
    }
    if (const auto wrong = config::problems(chosen); !wrong.empty()) {
        fmt::print(stderr, "{}\n", config::text(wrong));
        return bad_configuration;
    }
    if (const auto trouble = configure_log(chosen); !trouble.empty()) {
        fmt::print(stderr, "{}\n", trouble);
        return bad_configuration;
    }
    for (const std::string& warning : chosen.warnings)
        log::warn("{}", warning);
    if (!parts_->escaped_early.empty()) {
        log::fatal("exception escaped from a hook: {}; nothing is started", parts_->escaped_early);
        return static_cast<int>(primary::outcome::failed);
    }
    parts_->main = std::move(main);
    parts_->manager = process::service_manager::take_from_environment();
    parts_->care = primary::care_for(chosen, upkeep_of(chosen));
    if (parts_->care == primary::care::kept) {
        auto estate = primary::estate::create();
        const auto code = estate ? parts_->found(*this, *estate, process::reign::first)
                                 : std::unexpected(std::move(estate).error());
        if (code)
            return *code;
        log::warn("no root, workers end with their primary: {}", code.error().text());
    }
    return parts_->reign(*this, nullptr, process::reign::first);
}

int cluster::be_mold(result<unique_fd> line, worker_main main)
{
    auto& chosen = parts_->chosen;
    primary::log_by(chosen.log);
    if (!line) {
        log::fatal("{}", line.error().text());
        return static_cast<int>(primary::outcome::failed);
    }
    const auto refuse = [&line](int code, std::string_view words) {
        primary::refuse_to_be_mold(*line, code, words);
        return code;
    };
    if (chosen.instead)
        return refuse(chosen.instead->exit_code, chosen.instead->text);
    if (const auto wrong = config::problems(chosen); !wrong.empty())
        return refuse(bad_configuration, config::text(wrong));
    if (chosen.supervision == supervision::by_hand)
        return refuse(bad_configuration, "a cluster that forks by hand cannot be reloaded");
    if (const auto trouble = configure_log(chosen); !trouble.empty())
        return refuse(bad_configuration, trouble);
    process::set_title(fmt::format("cohort: mold ({})", chosen.name));
    parts_->main = std::move(main);
    return primary::serve_as_mold(*std::move(line), chosen, *parts_);
}

int cluster::parts::reign(cluster& group, const cohort::primary::estate* from,
                          process::reign which) noexcept
{
    const bool first = which == process::reign::first;
    std::optional<std::vector<int>> left_open;
    if (from != nullptr && !first) {
        // Before anything is opened here.
        auto found = from->left_open();
        if (!found)
            log::error("{}; what the last primary left open stays open", found.error().text());
        left_open = std::move(found).value_or(std::vector<int>{});
    }
    if (from != nullptr)
        log::born();
    primary = std::make_unique<cohort::primary::primary>(chosen, upkeep_of(chosen), *this);
    primary->use(care);
    if (chosen.named_by_default)
        primary->use(cohort::primary::naming::by_default);
    primary->serve_under(manager);
    if (from != nullptr)
        primary->inherit(*from, std::move(left_open));
    if (chosen.watch)
        primary->watches(files_to_watch(chosen));
    primary->reads_again_from([this] { return read_again(); });
    tell(setup_hooks, std::as_const(chosen));

    cohort::primary::primary::act begin;
    if (first && !start_hooks.empty())
        begin = [&group] { return group.start(); };
    else if (!first && !recovered_hooks.empty())
        begin = [&group] { return group.recovered(); };
    const auto outcome = primary->run(std::move(begin));
    primary.reset();
    return static_cast<int>(outcome);
}

result<config::settings> cluster::parts::read_again() const
{
    if (!chosen.read_again)
        return cohort::failed(errc::bad_value, "reload",
                              "this program did not read its settings from anywhere");
    cohort::settings now = chosen.read_again();
    if (now.instead)
        return std::unexpected(
            fault(make_error_code(errc::bad_value), "reload", std::move(now.instead->text)));
    if (const auto wrong = config::problems(now); !wrong.empty())
        return cohort::failed(errc::bad_value, "reload", config::text(wrong));
    return now;
}

task<> cluster::start()
{
    for (std::size_t i = 0; i < parts_->start_hooks.size(); ++i)
        co_await parts_->start_hooks[i](*this);
}

task<> cluster::recovered()
{
    for (auto& act : parts_->recovered_hooks)
        co_await act(*this);
}

cluster& cluster::on_setup(std::move_only_function<void(const cohort::settings&)> hear)
{
    parts_->setup_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_start(std::move_only_function<task<>(cluster&)> act)
{
    parts_->start_hooks.push_back(std::move(act));
    return *this;
}

cluster& cluster::on_recovered(std::move_only_function<task<>(cluster&)> act)
{
    parts_->recovered_hooks.push_back(std::move(act));
    return *this;
}

cluster& cluster::on_fork(std::move_only_function<void(const worker_info&)> hear)
{
    parts_->fork_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_online(std::move_only_function<void(const worker_info&)> hear)
{
    parts_->online_hooks.push_back(std::move(hear));
    return *this;
}

cluster&
cluster::on_listening(std::move_only_function<void(const worker_info&, const listening_info&)> hear)
{
    parts_->listening_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_message(std::move_only_function<void(const worker_info&, message&)> hear)
{
    parts_->message_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_request(std::move_only_function<task<message>(worker_info, message)> answer)
{
    parts_->request_hook = std::make_shared<parts::request_function>(std::move(answer));
    return *this;
}

cluster& cluster::on_disconnect(std::move_only_function<void(const worker_info&)> hear)
{
    parts_->disconnect_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_exit(std::move_only_function<void(const worker_info&, exit_status)> hear)
{
    parts_->exit_hooks.push_back(std::move(hear));
    return *this;
}

cluster& cluster::on_error(std::move_only_function<void(const worker_info&, const fault&)> hear)
{
    parts_->error_hooks.push_back(std::move(hear));
    return *this;
}

const cohort::settings& cluster::settings() const noexcept { return parts_->chosen; }

result<> cluster::setup_primary(std::move_only_function<void(cohort::settings&)> change)
{
    cohort::settings changed = parts_->chosen;
    change(changed);
    if (const auto wrong = config::problems(changed); !wrong.empty())
        return failed(errc::bad_value, "set up the primary:", config::text(wrong));
    // Sockets and seats are arranged for one policy; workers of two would work against each other.
    if (parts_->primary && changed.balance != parts_->chosen.balance)
        return failed(errc::bad_value,
                      "set up the primary:", "the balancing policy is fixed once the cluster runs");
    parts_->chosen = std::move(changed);
    parts_->tell(parts_->setup_hooks, std::as_const(parts_->chosen));
    return {};
}

}  // namespace cohort
