#pragma once
// What routes say about who may use them, as notes:
//
//     api.post("/payments", pay, {.notes = {permission{"payments:create"}}});
//     api.get("/health", health, {.notes = {open_to_all{}}});

#include <string>
#include <string_view>

namespace cohort::http {

class request;

/// The one permission that a request to this route needs: "resource:action".
struct permission {
    std::string name;
};

/// Everybody may, also who has not said who they are.
struct open_to_all {};
/// Is this request for a route that says so?
[[nodiscard]] bool is_for_all(const request& of) noexcept;

/// "payments:create", "payments:refunds:create": two or more words of small letters, digits and
/// "_-.", with colons between; 128 bytes at most.
[[nodiscard]] bool is_permission(std::string_view text) noexcept;

/// What roles are given: a permission, or one whose last word is "*": "payments:*", "*".
[[nodiscard]] bool is_permission_pattern(std::string_view text) noexcept;

/// Whether the pattern gives (or takes) the permission.
[[nodiscard]] bool covers(std::string_view pattern, std::string_view permission) noexcept;

}  // namespace cohort::http
