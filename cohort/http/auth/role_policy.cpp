#include <cohort/http/auth/role_policy.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

namespace cohort::http {

namespace {
// A subject with more roles than this is allowed what the first ones are: each costs time. Denials
// are those of all.
constexpr std::size_t subject_roles_max = 64;
}  // namespace

std::string access_decision::text() const
{
    const auto reason = [this](std::string_view verb) {
        std::string words = "role " + std::string{role} + " " + std::string{verb} + " ";
        words += rule;
        if (!condition.empty())
            words += " when " + std::string{condition};
        if (origin != role)
            words += " (from role " + std::string{origin} + ")";
        return words;
    };
    switch (verdict) {
        case access_verdict::allowed:
            return "allowed: " + reason("has");
        case access_verdict::denied:
            return "denied: " + reason("is denied");
        case access_verdict::depends:
            return "depends: " + reason("has");
        case access_verdict::ungranted:
            return "no role has it";
    }
    std::unreachable();
}

bool role_policy::has(const bits& of, std::size_t number) noexcept
{
    return ((of[number / 64] >> (number % 64)) & 1) != 0;
}

bool role_policy::knows(std::string_view permission) const
{
    return permissions_.contains(permission);
}

access_decision role_policy::decide(const subject& who, std::string_view permission,
                                    object_view about) const
{
    const auto number = permissions_.find(permission);
    if (number == permissions_.end())
        throw std::logic_error{"no such permission: " + std::string{permission}};
    const std::size_t wanted = number->second;

    std::array<const role*, subject_roles_max> held{};
    std::size_t count = 0;
    for (const std::string& name : who.roles) {
        const auto at = role_numbers_.find(name);
        if (at == role_numbers_.end())
            continue;
        const role& each = roles_[at->second];
        if (has(each.denied, wanted))
            return because(access_verdict::denied, each, find(each, effect::deny, wanted));
        if (count < held.size())
            held[count++] = &each;
    }
    const std::span<const role* const> roles{held.data(), count};
    for (const role* each : roles) {
        if (has(each->allowed, wanted))
            return because(access_verdict::allowed, *each, find(*each, effect::allow, wanted));
    }
    access_decision so_far;
    for (const role* each : roles) {
        if (!has(each->allowed_when, wanted))
            continue;
        const auto answer = ask(*each, wanted, who, about);
        if (answer && answer->is_allowed())
            return *answer;
        if (answer)
            so_far = *answer;
    }
    return so_far;
}

std::optional<access_decision> role_policy::ask(const role& of, std::size_t permission,
                                                const subject& who, object_view about) const
{
    std::optional<access_decision> so_far;
    for (const std::size_t number : of.rules) {
        const rule& each = rules_[number];
        if (each.does != effect::allow_when || !has(each.permissions, permission))
            continue;
        if (about.type == nullptr || *about.type != *each.condition.type)
            so_far = because(access_verdict::depends, of, &each);
        else if (each.condition.holds(who, about.at))
            return because(access_verdict::allowed, of, &each);
    }
    return so_far;
}

const role_policy::rule* role_policy::find(const role& in, effect wanted,
                                           std::size_t permission) const
{
    const auto at = std::ranges::find_if(in.rules, [&](std::size_t number) {
        return rules_[number].does == wanted && has(rules_[number].permissions, permission);
    });
    return &rules_[*at];
}

access_decision role_policy::because(access_verdict verdict, const role& of, const rule* by) const
{
    return {.verdict = verdict,
            .role = of.name,
            .origin = roles_[by->origin].name,
            .rule = by->pattern,
            .condition = by->condition.name};
}

}  // namespace cohort::http
