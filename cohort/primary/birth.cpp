#include <cohort/primary/birth.hpp>

#include <cohort/base/try.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/primary/stranger.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/root.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cohort::primary {

result<std::optional<process::credentials>> user_of(const config::settings& settings)
{
    if (settings.user.empty() && settings.group.empty())
        return std::nullopt;
    process::credentials who;
    if (settings.user.empty())
        return failed(errc::bad_value, "start worker", "a group needs a user");
    COHORT_TRY(who, process::find_user(settings.user));
    if (!settings.group.empty()) {
        COHORT_TRY(who.gid, process::find_group(settings.group));
    }
    return who;
}

result<std::shared_ptr<const process::sandbox>> sandbox_of(const config::settings& settings,
                                                           const std::string& program)
{
    const config::sandbox& wanted = settings.sandbox;
    process::sandbox_options how;
    switch (wanted.profile) {
        case config::sandbox_profile::off:
            if (!wanted.no_new_privs)
                return nullptr;
            break;
        case config::sandbox_profile::server:
            how.profile = process::sandbox_profile::server;
            break;
        case config::sandbox_profile::strict:
            how.profile = process::sandbox_profile::strict;
            break;
    }
    how.read = wanted.read;
    how.write = wanted.write;
    how.capabilities = wanted.capabilities;
    how.no_new_privs = wanted.no_new_privs;
    how.best_effort = wanted.best_effort;
    how.program = program;
    // Where it starts: relative paths in a program mean something there. The root folder is none.
    std::error_code unknown;
    const std::string here =
        settings.cwd.empty() ? std::filesystem::current_path(unknown).string() : settings.cwd;
    if (here.starts_with('/') && here != "/")
        how.read.push_back(here);
    COHORT_TRY(auto made, process::sandbox::prepare(how));
    return std::make_shared<const process::sandbox>(std::move(made));
}

namespace {

process::stdio stdio_of(const config::stream_target& target)
{
    switch (target.what) {
        case config::stream_target::kind::inherit:
            return process::stdio::inherit();
        case config::stream_target::kind::pipe:
            return process::stdio::pipe();
        case config::stream_target::kind::null:
            return process::stdio::null();
        case config::stream_target::kind::file:
            return process::stdio::file(target.path);
    }
    return process::stdio::inherit();
}

/// With a log file, or the journal, what programs write goes there, too: through us.
process::stdio output_of(const config::stream_target& target, const config::log& log)
{
    const bool ours = target.what == config::stream_target::kind::inherit &&
                      log.to.what != config::log_target::kind::output;
    return ours ? process::stdio::pipe() : stdio_of(target);
}

std::vector<std::string> environment_for(const config::settings& settings, const birth_plan& plan,
                                         birth_place where, const offer& what)
{
    std::map<std::string, std::string> all = settings.env;
    for (const auto& [name, value] : plan.env)
        all[name] = value;
    for (const std::string_view name : own_variables())
        all.erase(std::string{name});
    describe(what, all);
    all[variable::worker_id] = fmt::format("{}", where.id);
    all[variable::slot] = fmt::format("{}", where.slot);
    all[variable::app] = settings.name;
    if (output_of(settings.out, settings.log).what() == process::stdio::kind::pipe)
        all[variable::output_read] = "1";
    std::vector<std::string> changes;
    changes.reserve(all.size());
    for (const auto& [name, value] : all)
        changes.push_back(name + "=" + value);
    auto environment = process::environment_with(changes);
    std::erase_if(environment, [&all](const std::string& entry) {
        const std::string name = entry.substr(0, entry.find('='));
        return std::ranges::find(own_variables(), name) != own_variables().end() &&
               !all.contains(name);
    });
    return environment;
}

result<newborn> execute(const config::settings& settings, const birth_plan& plan, birth_place where,
                        std::pair<unique_fd, unique_fd> ends, const offer& offered, int binary)
{
    process::program what;
    what.exec = plan.exec.value_or(settings.exec);
    what.binary = binary;
    what.args = plan.args.value_or(settings.args);
    what.env = environment_for(settings, plan, where, offered);
    what.pid_variables = pid_variables_of(offered);
    what.files_max = settings.limit.files;
    what.own_group = true;
    what.group = where.group;
    // It could not read from a terminal that is in the hands of another group: it would be stopped.
    if (what.in.what() == process::stdio::kind::inherit && ::isatty(STDIN_FILENO) == 1)
        what.in = process::stdio::null();
    // Where there is a root, it outlives us as kept workers do.
    what.of_root = process::root_pid() != 0 && process::root_pid() == ::getppid();
    what.cwd = settings.cwd;
    what.in = stdio_of(settings.in);
    what.out = output_of(settings.out, settings.log);
    what.err = output_of(settings.err, settings.log);
    COHORT_TRY(what.user, user_of(settings));
    COHORT_TRY(what.box, sandbox_of(settings, what.exec));
    int number = first_inherited;
    for (const int socket : offered.sockets)
        what.keep.push_back({.ours = socket, .number = number++});
    if (offered.channel)
        what.keep.push_back({.ours = ends.second.borrow(), .number = offered.channel_number()});
    for (const auto& [theirs, ours] : plan.extra_descriptors)
        what.keep.push_back({.ours = ours, .number = theirs});
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto child, process::spawn(std::move(permit), what));
    if (offered.to) {
        offered.to->user = what.user ? what.user->uid : ::geteuid();
        if (!offered.channel)
            offered.to->far_end = std::move(ends.second);
    }
    return newborn{worker_process{std::move(child)}, std::move(ends.first), false, offered.to};
}

}  // namespace

result<newborn> give_birth(const config::settings& settings, const birth_plan& plan,
                           birth_place where, audience& life, const offer& what, int binary)
{
    COHORT_TRY(auto ends, ipc::channel::make_pair());
    if (!settings.exec.empty() || plan.exec)
        return execute(settings, plan, where, std::move(ends), what, binary);

    process::birth how;
    how.title = fmt::format("cohort: worker {} ({})", where.slot, settings.name);
    how.keep.push_back(ends.second.borrow());
    for (const auto& [number, ours] : plan.extra_descriptors)
        how.keep.push_back(ours);
    COHORT_TRY(how.user, user_of(settings));
    COHORT_TRY(how.box, sandbox_of(settings, {}));
    how.orphan = process::parent_death::after(settings.stop.timeout);
    const forked_log lines = forked_log::of(settings, where.slot);
    if (lines.number() != -1)
        how.keep.push_back(lines.number());
    how.group = where.group;
    COHORT_TRY(auto permit, process::fork_permit::ask());

    // Runs in the copy: everything it refers to is the copy's own memory.
    auto begin = [&]() noexcept {
        lines.take();
        for (const auto* each : {&settings.env, &plan.env}) {
            for (const auto& [name, value] : *each)
                ::setenv(name.c_str(), value.c_str(), 1);
        }
        if (!settings.cwd.empty() && ::chdir(settings.cwd.c_str()) == -1) {
            fmt::print(stderr, "cohort: cannot change to directory {}: {}\n", settings.cwd,
                       last_errno().message());
            ::_exit(process::stillborn);
        }
        life.live(std::move(ends.second));
    };
    COHORT_TRY(auto child, process::clone(std::move(permit), how, begin));
    return newborn{worker_process{std::move(child)}, std::move(ends.first), true};
}

}  // namespace cohort::primary
