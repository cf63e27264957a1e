#pragma once
// Where cohorts are found: one folder for each user, in it one socket for each cohort.

#include <cohort/base/error.hpp>

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::control {

/// Overrides all that follows.
inline constexpr const char* folder_variable = "COHORT_RUNTIME_DIR";

/// Whose cohorts, and what the environment says. A value; tests hand in their own.
struct viewpoint {
    using variables = std::function<std::optional<std::string>(const char* name)>;
    uid_t user = 0;
    variables variable;

    /// This process.
    [[nodiscard]] static viewpoint here();
};

/// The folders in which cohorts of this user may be, best first:
///
///     $COHORT_RUNTIME_DIR alone, if it is set; else
///     /run/cohort (root) · $XDG_RUNTIME_DIR/cohort · /run/user/UID/cohort · /tmp/cohort-UID
///
/// A cohort opens its socket in the first that can be made, and whoever looks for one looks into
/// all of them: a service has no XDG_RUNTIME_DIR, its operator has one.
[[nodiscard]] std::vector<std::filesystem::path> folders(const viewpoint& from);

/// Makes the folder, with mode 0700, if it is not there; its parent must be.
/// Errors: those of check_folder(); EACCES, ENOENT, EROFS, … of mkdir(2).
[[nodiscard]] result<> make_folder(const std::filesystem::path& folder, uid_t user);

/// Whether `folder` can be trusted: a folder itself, this user's, and nobody else may write there.
/// Errors: ENOENT, ENOTDIR; EACCES, it belongs to somebody else or others may write into it.
[[nodiscard]] result<> check_folder(const std::filesystem::path& folder, uid_t user);

/// "api.sock" for the app "api".
[[nodiscard]] std::string socket_name(std::string_view app);

/// "api" for ".../api.sock"; empty: it is no socket of a cohort.
[[nodiscard]] std::string app_of(const std::filesystem::path& socket);

/// What lies beside an admin socket: where the dashboard listens, the token that it asks for over
/// TCP, and that of whoever may only look, which operators put there. ".../api.http",
/// ".../api.token", ".../api.view_token" for ".../api.sock".
[[nodiscard]] std::filesystem::path dashboard_beside(std::filesystem::path socket);
[[nodiscard]] std::filesystem::path token_beside(std::filesystem::path socket);
[[nodiscard]] std::filesystem::path view_token_beside(std::filesystem::path socket);

}  // namespace cohort::control
