#include <cohort/primary/birth.hpp>

#include <cohort/base/try.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <unistd.h>

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

std::vector<std::string> environment_for(const config::settings& settings, const birth_plan& plan,
                                         birth_place where)
{
    std::map<std::string, std::string> all = settings.env;
    for (const auto& [name, value] : plan.env)
        all[name] = value;
    all[variable::channel] = fmt::format("{}", channel_number);
    all[variable::worker_id] = fmt::format("{}", where.id);
    all[variable::slot] = fmt::format("{}", where.slot);
    all[variable::app] = settings.name;
    std::vector<std::string> changes;
    changes.reserve(all.size());
    for (const auto& [name, value] : all)
        changes.push_back(name + "=" + value);
    return process::environment_with(changes);
}

result<newborn> execute(const config::settings& settings, const birth_plan& plan, birth_place where,
                        std::pair<unique_fd, unique_fd> ends, int binary)
{
    process::program what;
    what.exec = plan.exec.value_or(settings.exec);
    what.binary = binary;
    what.args = plan.args.value_or(settings.args);
    what.env = environment_for(settings, plan, where);
    what.cwd = settings.cwd;
    what.in = stdio_of(settings.in);
    what.out = stdio_of(settings.out);
    what.err = stdio_of(settings.err);
    COHORT_TRY(what.user, user_of(settings));
    COHORT_TRY(what.box, sandbox_of(settings, what.exec));
    what.keep.push_back({.ours = ends.second.borrow(), .number = channel_number});
    for (const auto& [number, ours] : plan.extra_descriptors)
        what.keep.push_back({.ours = ours, .number = number});
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto child, process::spawn(std::move(permit), what));
    return newborn{worker_process{std::move(child)}, std::move(ends.first), false};
}

}  // namespace

result<newborn> give_birth(const config::settings& settings, const birth_plan& plan,
                           birth_place where, audience& life, int binary)
{
    COHORT_TRY(auto ends, ipc::channel::make_pair());
    if (!settings.exec.empty() || plan.exec)
        return execute(settings, plan, where, std::move(ends), binary);

    process::birth how;
    how.title = fmt::format("cohort: worker {} ({})", where.slot, settings.name);
    how.keep.push_back(ends.second.borrow());
    for (const auto& [number, ours] : plan.extra_descriptors)
        how.keep.push_back(ours);
    COHORT_TRY(how.user, user_of(settings));
    COHORT_TRY(how.box, sandbox_of(settings, {}));
    how.orphan = process::parent_death::after(settings.stop.timeout);
    COHORT_TRY(auto permit, process::fork_permit::ask());

    // Runs in the copy: everything it refers to is the copy's own memory.
    auto begin = [&]() noexcept {
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
