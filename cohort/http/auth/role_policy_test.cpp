#include <cohort/http/auth/role_policy.hpp>

#include <cohort/base/random.hpp>
#include <cohort/http/auth/permission.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using verdict = access_verdict;

namespace {

struct payment {
    std::string owner;
};

policy_draft shop()
{
    return {.permissions = {"payments:read", "payments:create", "payments:refunds:create",
                            "users:read", "users:delete"},
            .roles = {{.name = "viewer", .allow = {"payments:read"}},
                      {.name = "clerk", .inherits = {"viewer"}, .allow = {"payments:*"}},
                      {.name = "suspended", .deny = {"payments:create"}},
                      {.name = "admin", .inherits = {"clerk"}, .allow = {"*"}},
                      {.name = "customer",
                       .allow = {{"payments:read",
                                  when<payment>("own", [](const subject& who, const payment& what) {
                                      return what.owner == who.id;
                                  })}}}}};
}

role_policy policy() { return std::move(*role_policy::compile(shop())); }

subject with(std::vector<std::string> roles) { return {.id = "ada", .roles = std::move(roles)}; }

std::string complaint(policy_draft draft)
{
    const auto made = role_policy::compile(std::move(draft));
    REQUIRE_FALSE(made);
    return made.error().text();
}

bool complains(policy_draft draft, std::string_view about)
{
    return complaint(std::move(draft)).find(about) != std::string::npos;
}

}  // namespace

TEST_CASE("nothing is allowed that no role has")
{
    const auto rules = policy();
    CHECK(rules.decide(with({}), "payments:read").text() == "no role has it");
    CHECK(rules.decide(with({"viewer"}), "payments:create").verdict == verdict::ungranted);
    CHECK(rules.decide(with({"nobody", "root", ""}), "payments:read").verdict ==
          verdict::ungranted);
}

TEST_CASE("a decision says which role and rule it is by")
{
    const auto rules = policy();
    CHECK(rules.decide(with({"viewer"}), "payments:read").text() ==
          "allowed: role viewer has payments:read");
    CHECK(rules.decide(with({"x", "clerk"}), "payments:refunds:create").text() ==
          "allowed: role clerk has payments:*");
    CHECK(rules.decide(with({"admin"}), "users:delete").text() == "allowed: role admin has *");
    policy_draft small{
        .permissions = {"a:b"},
        .roles = {{.name = "low", .allow = {"a:b"}}, {.name = "high", .inherits = {"low"}}}};
    CHECK(role_policy::compile(small)->decide(with({"high"}), "a:b").text() ==
          "allowed: role high has a:b (from role low)");
}

TEST_CASE("a denial overrides every grant, in whichever order the roles are")
{
    const auto rules = policy();
    for (const auto& roles : {std::vector<std::string>{"admin", "suspended"},
                              std::vector<std::string>{"suspended", "admin"}})
    {
        CHECK(rules.decide(with(roles), "payments:create").text() ==
              "denied: role suspended is denied payments:create");
        CHECK(rules.decide(with(roles), "payments:read").is_allowed());
    }
}

TEST_CASE("a condition is asked about objects of its type, and nothing is guessed about others")
{
    const auto rules = policy();
    const auto ada = with({"customer"});
    CHECK(rules.decide(ada, "payments:read").text() ==
          "depends: role customer has payments:read when own");
    CHECK(rules.decide_about(ada, "payments:read", payment{"ada"}).text() ==
          "allowed: role customer has payments:read when own");
    CHECK(rules.decide_about(ada, "payments:read", payment{"eve"}).verdict == verdict::ungranted);
    CHECK(rules.decide_about(ada, "payments:read", std::string{"ada"}).verdict == verdict::depends);
    CHECK(rules.decide_about(ada, "payments:create", payment{"ada"}).verdict == verdict::ungranted);
    CHECK(rules.decide(with({"customer", "viewer"}), "payments:read").is_allowed());
}

TEST_CASE("a permission that is not there is a mistake, not a no")
{
    CHECK(policy().knows("users:read"));
    CHECK_FALSE(policy().knows("users:*"));
    CHECK_THROWS_AS((void)policy().decide(with({"admin"}), "users:write"), std::logic_error);
}

TEST_CASE("what is wrong with a draft is said at the start")
{
    const auto changed = [](auto change) {
        policy_draft draft = shop();
        change(draft);
        return draft;
    };
    CHECK(complains(changed([](auto& d) { d.roles[0].inherits = {"ghost"}; }), "`ghost`"));
    CHECK(complains(changed([](auto& d) { d.roles[0].allow = {"payments:write"}; }),
                    "role viewer: `payments:write` fits no permission"));
    CHECK(
        complains(changed([](auto& d) { d.roles[0].deny = {"orders:*"}; }), "fits no permission"));
    for (const auto* pattern : {"*:read", "payments", "pay*", "payments:*:create", "payments:re*",
                                "", ":", "payments:", ":read", "Payments:read", "**", "*:*"})
        CHECK(complains(changed([pattern](auto& d) { d.roles[0].allow = {grant{pattern}}; }),
                        "is no permission"));
    CHECK(complains(changed([](auto& d) { d.permissions.push_back("users:*"); }), "`users:*`"));
    CHECK(complains(changed([](auto& d) { d.permissions.push_back("users:read"); }), "twice"));
    CHECK(complains(changed([](auto& d) { d.permissions.clear(); }), "1 to 1024"));
    CHECK(complains(changed([](auto& d) { d.roles.push_back({.name = "admin"}); }), "twice"));
    CHECK(complains(changed([](auto& d) { d.roles.push_back({.name = ""}); }), "no name"));
    CHECK(complains(changed([](auto& d) { d.roles.resize(257, {.name = "x"}); }), "256"));
}

TEST_CASE("roles that inherit in a circle are refused, and the circle is shown")
{
    const auto circle = [](std::vector<role_draft> roles) {
        return complaint({.permissions = {"a:b"}, .roles = std::move(roles)});
    };
    CHECK(circle({{.name = "a", .inherits = {"a"}}}).find("circle: a -> a") != std::string::npos);
    CHECK(circle({{.name = "x", .inherits = {"a"}},
                  {.name = "a", .inherits = {"b"}},
                  {.name = "b", .inherits = {"c"}},
                  {.name = "c", .inherits = {"a"}}})
              .find("circle: a -> b -> c -> a") != std::string::npos);
    CHECK(role_policy::compile({.permissions = {"a:b"},  // a diamond is none
                                .roles = {{.name = "top", .inherits = {"l", "r"}},
                                          {.name = "l", .inherits = {"base"}},
                                          {.name = "r", .inherits = {"base"}},
                                          {.name = "base", .allow = {"a:b"}}}})
              ->decide(with({"top"}), "a:b")
              .is_allowed());
}

namespace {

/// The same question, answered the slow way: by reading the draft.
struct naive {
    const policy_draft& draft;

    void gather(const std::string& role, std::set<std::string>& into) const
    {
        const auto at = std::ranges::find(draft.roles, role, &role_draft::name);
        if (at == draft.roles.end() || !into.insert(role).second)
            return;
        for (const std::string& parent : at->inherits)
            gather(parent, into);
    }

    [[nodiscard]] verdict decide(const subject& who, const std::string& permission,
                                 const payment* about) const
    {
        std::set<std::string> roles;
        for (const std::string& each : who.roles)
            gather(each, roles);
        bool allowed = false;
        bool depends = false;
        for (const role_draft& each : draft.roles) {
            if (!roles.contains(each.name))
                continue;
            for (const std::string& pattern : each.deny) {
                if (covers(pattern, permission))
                    return verdict::denied;
            }
            for (const grant& given : each.allow) {
                if (!covers(given.pattern, permission))
                    continue;
                if (!given.condition.holds)
                    allowed = true;
                else if (about == nullptr)
                    depends = true;
                else
                    allowed = allowed || about->owner == who.id;
            }
        }
        return allowed ? verdict::allowed : depends ? verdict::depends : verdict::ungranted;
    }
};

struct dice {
    random_source source;
    std::size_t below(std::size_t count) { return source.next() % count; }
    bool chance(std::size_t of) { return below(of) == 0; }
};

policy_draft random_draft(dice& roll)
{
    policy_draft out;
    for (int r = 0; r < 9; ++r) {
        for (int a = 0; a < 9; ++a)
            out.permissions.push_back("r" + std::to_string(r) + ":a" + std::to_string(a));
    }
    const auto pattern = [&]() -> std::string {
        if (roll.chance(20))
            return "*";
        if (roll.chance(4))
            return "r" + std::to_string(roll.below(9)) + ":*";
        return out.permissions[roll.below(out.permissions.size())];
    };
    const auto own = when<payment>(
        "own", [](const subject& who, const payment& what) { return what.owner == who.id; });
    for (std::size_t i = 0; i < 12; ++i) {
        role_draft role{.name = "role" + std::to_string(i)};
        for (std::size_t parent = 0; parent < i; ++parent) {
            if (roll.chance(4))
                role.inherits.push_back("role" + std::to_string(parent));
        }
        for (std::size_t n = roll.below(5); n > 0; --n)
            role.allow.push_back(roll.chance(3) ? grant{pattern(), own} : grant{pattern()});
        for (std::size_t n = roll.below(2); n > 0; --n)
            role.deny.push_back(pattern());
        out.roles.push_back(std::move(role));
    }
    // Roles may be written down in any order.
    for (std::size_t i = out.roles.size() - 1; i > 0; --i)
        std::swap(out.roles[i], out.roles[roll.below(i + 1)]);
    return out;
}

}  // namespace

TEST_CASE("a compiled policy decides as reading its draft does, and its reasons are true")
{
    dice roll{random_source{20'261'129}};
    std::size_t seen[4] = {};
    for (int round = 0; round < 100; ++round) {
        const policy_draft draft = random_draft(roll);
        const auto compiled = role_policy::compile(draft);
        REQUIRE(compiled);
        const naive slow{draft};
        for (int question = 0; question < 100; ++question) {
            subject who{.id = roll.chance(2) ? "ada" : "eve"};
            for (std::size_t n = roll.below(4); n > 0; --n)
                who.roles.push_back("role" + std::to_string(roll.below(14)));  // some are none
            const std::string permission = draft.permissions[roll.below(draft.permissions.size())];
            const payment about{"ada"};
            const bool asks = roll.chance(2);
            const auto decision = asks ? compiled->decide_about(who, permission, about)
                                       : compiled->decide(who, permission);
            REQUIRE(decision.verdict == slow.decide(who, permission, asks ? &about : nullptr));
            ++seen[static_cast<std::size_t>(decision.verdict)];
            if (decision.verdict == verdict::ungranted)
                continue;
            CHECK(std::ranges::count(who.roles, decision.role) > 0);
            CHECK(covers(decision.rule, permission));
            std::set<std::string> reach;
            slow.gather(std::string{decision.role}, reach);
            CHECK(reach.contains(std::string{decision.origin}));
        }
    }
    for (const std::size_t count : seen)
        CHECK(count > 100);
}

TEST_CASE("denials count beyond the roles that are looked at")
{
    std::vector<std::string> roles(64, "clerk");
    roles.emplace_back("suspended");
    CHECK(policy().decide(with(roles), "payments:create").verdict == verdict::denied);
}
