#include <cohort/config/difference.hpp>

#include <cohort/config/detail/literal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace cohort::config {

namespace {

constexpr std::string_view env_key = "env";
constexpr std::array<std::string_view, 2> token_keys{"admin.token", "admin.view_token"};

/// A secret as far as it may be shown.
std::string hidden(std::string_view literal) { return literal == R"("")" ? "not set" : "set"; }

/// A variable as far as it may be shown: where its value lies, but not the value.
std::string shown(const settings& s, const std::string& name)
{
    if (const auto from = s.secrets.find(name); from != s.secrets.end())
        return from->second.file.empty()
                   ? fmt::format("{{fd = {}}}", from->second.fd)
                   : fmt::format("{{file = {}}}", detail::quote(from->second.file));
    return s.env.contains(name) ? "set" : "not set";
}

bool same_value(const settings& before, const settings& after, const std::string& name)
{
    const auto in = [&name](const auto& all) {
        const auto found = all.find(name);
        return found == all.end() ? nullptr : &found->second;
    };
    const auto equal = [](const auto* a, const auto* b) { return a && b ? *a == *b : a == b; };
    return equal(in(before.env), in(after.env)) && equal(in(before.secrets), in(after.secrets));
}

void compare_variables(const settings& before, const settings& after, effect when,
                       std::vector<change>& list)
{
    std::set<std::string> names;
    for (const settings* s : {&before, &after}) {
        for (const auto& [name, value] : s->env)
            names.insert(name);
        for (const auto& [name, from] : s->secrets)
            names.insert(name);
    }
    for (const std::string& name : names) {
        if (same_value(before, after, name))
            continue;
        std::string was = shown(before, name);
        std::string is = shown(after, name);
        if (was == is)
            is = "set to another value";
        list.push_back({fmt::format("{}.{}", env_key, name), std::move(was), std::move(is), when});
    }
}

}  // namespace

std::string_view name_of(outcome which) noexcept
{
    constexpr std::array<std::string_view, 4> names{"nothing", "live", "recycle", "restart"};
    return names[std::to_underlying(which)];
}

config::outcome difference::outcome() const noexcept
{
    config::outcome most = config::outcome::nothing;
    for (const change& one : changes) {
        switch (one.when) {
            case effect::live:
                most = std::max(most, config::outcome::live);
                break;
            case effect::recycle:
                most = std::max(most, config::outcome::recycle);
                break;
            case effect::restart:
                most = std::max(most, config::outcome::restart);
                break;
        }
    }
    return most;
}

difference compare(const settings& before, const settings& after)
{
    difference found;
    for (const key& k : catalogue()) {
        if (k.name == env_key) {
            compare_variables(before, after, k.when, found.changes);
            continue;
        }
        std::string was = k.literal(before);
        std::string is = k.literal(after);
        if (was == is)
            continue;
        if (std::ranges::find(token_keys, k.name) != token_keys.end()) {
            was = hidden(was);
            is = hidden(is) == was ? "set to another value" : hidden(is);
        }
        found.changes.push_back({std::string{k.name}, std::move(was), std::move(is), k.when});
    }
    return found;
}

std::vector<app_difference> compare(const std::vector<settings>& before,
                                    const std::vector<settings>& after)
{
    using fate = app_difference::fate;
    std::vector<app_difference> plan;
    for (const settings& now : after) {
        const auto then = std::ranges::find(before, now.name, &settings::name);
        if (then == before.end())
            plan.push_back({now.name, fate::added, {}});
        else
            plan.push_back({now.name, fate::kept, compare(*then, now)});
    }
    for (const settings& then : before) {
        if (std::ranges::find(after, then.name, &settings::name) == after.end())
            plan.push_back({then.name, fate::removed, {}});
    }
    return plan;
}

std::string text(const std::vector<app_difference>& plan)
{
    std::string all;
    for (const app_difference& app : plan) {
        if (app.what == app_difference::fate::added)
            all += fmt::format("{}: added\n", app.name);
        if (app.what == app_difference::fate::removed)
            all += fmt::format("{}: removed\n", app.name);
        for (const change& one : app.how.changes)
            all += fmt::format("{}: {}: {} -> {} ({})\n", app.name, one.key, one.before, one.after,
                               name_of(one.when));
    }
    return all.empty() ? "nothing changes\n" : all;
}

}  // namespace cohort::config
