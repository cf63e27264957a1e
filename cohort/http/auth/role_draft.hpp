#pragma once
// What a program writes down about roles, before it is checked and compiled (role_policy.hpp).

#include <cohort/http/auth/subject.hpp>

#include <functional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace cohort::http {

/// Something that is asked about, without its type: a request, a payment. Views it.
struct object_view {
    const std::type_info* type = nullptr;
    const void* at = nullptr;

    template <class T>
    [[nodiscard]] static object_view of(const T& object) noexcept
    {
        return {&typeid(T), &object};
    }
};

/// When a grant holds: a named predicate over who asks and what they ask about. A value; made by
/// when().
struct access_condition {
    std::string name;
    const std::type_info* type = nullptr;
    std::function<bool(const subject&, const void*)> holds;
};

/// `when<payment>("own", [](const subject& who, const payment& what) { … })`. With T = request, it
/// is asked before the handler; with other types, the handler asks it by require_access().
template <class T, class F>
[[nodiscard]] access_condition when(std::string name, F predicate)
{
    return {std::move(name), &typeid(T),
            [predicate = std::move(predicate)](const subject& who, const void* what) {
                return predicate(who, *static_cast<const T*>(what));
            }};
}

/// A permission, or several ("payments:*"), that a role has, always or under a condition. A value.
struct grant {
    grant(const char* what)
        : pattern{what}
    {}
    grant(std::string what)
        : pattern{std::move(what)}
    {}
    grant(std::string what, access_condition under)
        : pattern{std::move(what)}, condition{std::move(under)}
    {}

    std::string pattern;
    access_condition condition = {};  ///< Without a predicate: always.
};

/// One role.
struct role_draft {
    std::string name;
    std::vector<std::string> inherits = {};  ///< Roles whose grants and denials it has, too.
    std::vector<grant> allow = {};
    std::vector<std::string> deny = {};  ///< Overrides every grant, whichever role it is from.
};

/// All there are.
struct policy_draft {
    std::vector<std::string> permissions;
    std::vector<role_draft> roles;
};

}  // namespace cohort::http
