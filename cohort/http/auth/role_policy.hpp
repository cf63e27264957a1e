#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/auth/role_draft.hpp>
#include <cohort/http/auth/subject.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::http {

/// allowed: some role has it. denied: some role forbids it. ungranted: no role has it. depends:
/// some role has it for certain objects, and this was not asked about one of that type.
enum class access_verdict : std::uint8_t { allowed, denied, ungranted, depends };

/// What was decided, and why. Views of the policy.
struct access_decision {
    access_verdict verdict = access_verdict::ungranted;
    std::string_view role = {};    ///< The subject's role that decided; empty: none did.
    std::string_view origin = {};  ///< The role in which the rule stands: that one, or inherited.
    std::string_view rule = {};    ///< "payments:*".
    std::string_view condition = {};  ///< "own"; empty: none.

    [[nodiscard]] bool is_allowed() const noexcept { return verdict == access_verdict::allowed; }

    /// "allowed: role clerk has payments:* when own (from role viewer)". For logs and tests, not
    /// for clients.
    [[nodiscard]] std::string text() const;
};

/// Roles and what they may do, checked and compiled to bits. Never changed: any thread. A resource.
///
/// Denial overrides, nothing is allowed by default. Roles of a subject that the policy does not
/// know give nothing.
class role_policy {
public:
    static constexpr std::size_t permissions_max = 1024;
    static constexpr std::size_t roles_max = 256;

    /// Errors: errc::bad_value, with everything that is wrong: names that are none or are there
    /// twice, roles that inherit in a circle or from nobody, patterns that fit no permission.
    [[nodiscard]] static result<role_policy> compile(policy_draft draft);

    [[nodiscard]] bool knows(std::string_view permission) const;

    /// `permission` must be known: std::logic_error otherwise. Takes well below a microsecond.
    [[nodiscard]] access_decision decide(const subject& who, std::string_view permission,
                                         object_view about = {}) const;

    /// The same about one object: conditions of its type are asked.
    template <class T>
    [[nodiscard]] access_decision decide_about(const subject& who, std::string_view permission,
                                               const T& object) const
    {
        return decide(who, permission, object_view::of(object));
    }

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>{}(text);
        }
    };
    using numbers = std::unordered_map<std::string, std::size_t, text_hash, std::equal_to<>>;
    using bits = std::vector<std::uint64_t>;

    enum class effect : std::uint8_t { allow, allow_when, deny };
    struct rule {
        effect does;
        std::size_t origin;
        std::string pattern;
        access_condition condition;
        bits permissions;
    };
    struct role {
        std::string name;
        std::vector<std::size_t> rules;  // its own first, then inherited ones
        bits allowed;
        bits allowed_when;
        bits denied;
    };
    class compiler;

    role_policy() = default;
    [[nodiscard]] static bool has(const bits& of, std::size_t number) noexcept;
    [[nodiscard]] const rule* find(const role& in, effect wanted, std::size_t permission) const;
    [[nodiscard]] access_decision because(access_verdict verdict, const role& of,
                                          const rule* by) const;
    [[nodiscard]] std::optional<access_decision> ask(const role& of, std::size_t permission,
                                                     const subject& who, object_view about) const;

    numbers permissions_;
    numbers role_numbers_;
    std::vector<role> roles_;
    std::vector<rule> rules_;
};

}  // namespace cohort::http
