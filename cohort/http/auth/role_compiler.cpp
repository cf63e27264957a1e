#include <cohort/http/auth/permission.hpp>
#include <cohort/http/auth/role_policy.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cohort::http {

/// Checks a draft and makes a policy of it.
class role_policy::compiler {
public:
    explicit compiler(policy_draft draft)
        : draft_{std::move(draft)}
    {}

    result<role_policy> run()
    {
        number_permissions();
        number_roles();
        resolve_heirs();
        if (mistakes_.empty())
            find_circles();
        for (std::size_t i = 0; i < draft_.roles.size() && mistakes_.empty(); ++i)
            write_rules(i);
        for (std::size_t i = 0; i < draft_.roles.size() && mistakes_.empty(); ++i)
            collect(i);
        if (!mistakes_.empty())
            return failed(errc::bad_value, "compile roles", mistakes_);
        return std::move(made_);
    }

private:
    void complain(const std::string& what)
    {
        if (!mistakes_.empty())
            mistakes_ += "; ";
        mistakes_ += what;
    }

    void number_permissions()
    {
        if (draft_.permissions.empty() || draft_.permissions.size() > permissions_max)
            complain("there are 1 to 1024 permissions");
        for (const std::string& each : draft_.permissions) {
            if (!is_permission(each))
                complain("`" + each + "` is no permission: resource:action");
            if (!made_.permissions_.emplace(each, made_.permissions_.size()).second)
                complain("permission " + each + " is there twice");
        }
    }

    void number_roles()
    {
        if (draft_.roles.size() > roles_max)
            complain("there are 256 roles at most");
        for (const role_draft& each : draft_.roles) {
            if (each.name.empty())
                complain("a role has no name");
            if (!made_.role_numbers_.emplace(each.name, made_.roles_.size()).second)
                complain("role " + each.name + " is there twice");
            made_.roles_.push_back({each.name, {}, no_bits(), no_bits(), no_bits()});
        }
    }

    void resolve_heirs()
    {
        for (const role_draft& each : draft_.roles) {
            std::vector<std::size_t> parents;
            for (const std::string& name : each.inherits) {
                const auto at = made_.role_numbers_.find(name);
                if (at == made_.role_numbers_.end())
                    complain("role " + each.name + " inherits from `" + name + "`, which is none");
                else
                    parents.push_back(at->second);
            }
            parents_.push_back(std::move(parents));
        }
    }

    void find_circles()
    {
        std::vector<color> colors(draft_.roles.size(), color::fresh);
        std::vector<std::size_t> path;
        for (std::size_t i = 0; i < draft_.roles.size() && mistakes_.empty(); ++i)
            walk(i, colors, path);
    }

    enum class color : unsigned char { fresh, on_path, done };

    void walk(std::size_t at, std::vector<color>& colors, std::vector<std::size_t>& path)
    {
        if (colors[at] == color::done || !mistakes_.empty())
            return;
        path.push_back(at);
        if (colors[at] == color::on_path) {
            std::string circle = "roles inherit in a circle: ";
            for (auto each = std::ranges::find(path, at); each != path.end(); ++each)
                circle += (*each == at && each + 1 != path.end() ? "" : " -> ") + name(*each);
            complain(circle);
            return;
        }
        colors[at] = color::on_path;
        for (const std::size_t parent : parents_[at])
            walk(parent, colors, path);
        colors[at] = color::done;
        path.pop_back();
    }

    void write_rules(std::size_t at)
    {
        for (grant& each : draft_.roles[at].allow) {
            const bool always = each.condition.holds == nullptr;
            write({always ? effect::allow : effect::allow_when, at, std::move(each.pattern),
                   std::move(each.condition), no_bits()});
        }
        for (std::string& each : draft_.roles[at].deny)
            write({effect::deny, at, std::move(each), {}, no_bits()});
    }

    void write(rule from)
    {
        const std::string who = "role " + name(from.origin) + ": `" + from.pattern + "` ";
        if (!is_permission_pattern(from.pattern))
            return complain(who + "is no permission and none with * as its last word");
        bool fits = false;
        for (const auto& [permission, number] : made_.permissions_) {
            if (!covers(from.pattern, permission))
                continue;
            fits = true;
            from.permissions[number / 64] |= std::uint64_t{1} << (number % 64);
        }
        if (!fits)
            return complain(who + "fits no permission");
        own_rules_.resize(draft_.roles.size());
        own_rules_[from.origin].push_back(made_.rules_.size());
        made_.rules_.push_back(std::move(from));
    }

    /// The rules of a role and of all that it inherits from, each once, its own first.
    void collect(std::size_t at)
    {
        std::vector<bool> seen(draft_.roles.size());
        std::vector<std::size_t> queue{at};
        own_rules_.resize(draft_.roles.size());
        for (std::size_t next = 0; next < queue.size(); ++next) {
            const std::size_t each = queue[next];
            if (seen[each])
                continue;
            seen[each] = true;
            for (const std::size_t number : own_rules_[each])
                add(made_.roles_[at], number);
            queue.insert(queue.end(), parents_[each].begin(), parents_[each].end());
        }
    }

    void add(role& to, std::size_t number)
    {
        const rule& from = made_.rules_[number];
        to.rules.push_back(number);
        bits& into = from.does == effect::deny    ? to.denied
                     : from.does == effect::allow ? to.allowed
                                                  : to.allowed_when;
        for (std::size_t i = 0; i < into.size(); ++i)
            into[i] |= from.permissions[i];
    }

    [[nodiscard]] bits no_bits() const { return bits(draft_.permissions.size() / 64 + 1); }
    [[nodiscard]] const std::string& name(std::size_t role) const
    {
        return draft_.roles[role].name;
    }

    policy_draft draft_;
    role_policy made_;
    std::vector<std::vector<std::size_t>> parents_;
    std::vector<std::vector<std::size_t>> own_rules_;
    std::string mistakes_;
};

result<role_policy> role_policy::compile(policy_draft draft)
{
    return compiler{std::move(draft)}.run();
}

}  // namespace cohort::http
