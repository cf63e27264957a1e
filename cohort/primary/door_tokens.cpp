#include <cohort/primary/door_tokens.hpp>

#include <cohort/base/try.hpp>
#include <cohort/control/place.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/admin_token.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace cohort::primary {

namespace {

namespace fs = std::filesystem;

void doubt(std::string_view what, const fs::path& file)
{
    if (const std::string doubts = doubts_about_token(file); !doubts.empty())
        log::warn("{}: {}", what, doubts);
}

/// The file of a token that the settings name.
fs::path named(std::string_view key, const std::string& said)
{
    std::error_code unknown;
    fs::path file = fs::absolute(said, unknown);
    doubt(key, file);
    return file;
}

/// Nobody needs one, so none is made.
fs::path view_token(const config::admin& said, const fs::path& admin_socket)
{
    if (!said.view_token.empty())
        return {};
    if (!said.view_token_file.empty())
        return named("admin.view_token_file", said.view_token_file);
    fs::path file = control::view_token_beside(admin_socket);
    std::error_code unknown;
    if (fs::exists(file, unknown))
        doubt("the token for looking", file);
    return file;
}

}  // namespace

result<door_tokens> keep_tokens(const config::admin& said, const fs::path& admin_socket)
{
    door_tokens all;
    if (said.token.empty() && said.token_file.empty()) {
        all.order = control::token_beside(admin_socket);
        COHORT_TRY(keep_token_file(all.order));
        all.made = true;
    } else if (said.token.empty()) {
        all.order = named("admin.token_file", said.token_file);
    }
    all.view = view_token(said, admin_socket);
    return all;
}

}  // namespace cohort::primary
