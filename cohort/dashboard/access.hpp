#pragma once

#include <cohort/crypto/digest.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/middleware.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cohort::dashboard {

/// Who may ask over TCP: whoever has the token. A resource of one event loop.
///
/// Of a file it looks whether it is another one now, at each request: a token can be replaced
/// without a restart, and one that cannot be read lets nobody in.
class token_guard {
public:
    explicit token_guard(const std::string& token);
    explicit token_guard(std::filesystem::path file);

    [[nodiscard]] bool knows(std::string_view token);

private:
    void look_at_file();

    std::filesystem::path file_;  // empty: what there is, is all
    struct stat seen_{};
    std::optional<crypto::digest> digest_;
};

/// `Authorization: Bearer TOKEN`. Lifetime: the guard's.
[[nodiscard]] http::authenticator by_token(token_guard& guard);

/// Takes requests that name an address, localhost, or one of these hosts: another name that leads
/// here is somebody else's, whose page has a browser ask for it (DNS rebinding). Routes noted
/// `any_host_too` are asked under any name.
[[nodiscard]] http::hooks known_hosts(std::vector<std::string> names);

}  // namespace cohort::dashboard
