#include "environment.hpp"

#include <cohort/base/error.hpp>
#include <cohort/crypto/secret.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace http = cohort::http;

namespace {

http::shared_key shared_secret()
{
    const std::string path = setting("PAYMENTS_SECRET_FILE");
    std::ifstream file{path};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (path.empty() || text.empty())
        throw std::runtime_error{"PAYMENTS_SECRET_FILE or PAYMENTS_JWKS_FILE must name a file"};
    text.erase(text.find_last_not_of("\r\n") + 1);
    auto secret = cohort::crypto::secret::parse(text);
    if (!secret)
        throw cohort::failure{secret.error()};
    auto key = http::shared_key::of(std::move(*secret));
    if (!key)
        throw cohort::failure{key.error()};
    return std::move(*key);
}

}  // namespace

std::string setting(const char* name, const char* otherwise)
{
    const char* const found = std::getenv(name);
    return found != nullptr ? found : otherwise;
}

verifier tokens_from_environment()
{
    const http::jwt_rules rules{.issuer = setting("PAYMENTS_ISSUER", "payments"),
                                .audience = "payments"};
    if (const std::string path = setting("PAYMENTS_JWKS_FILE"); !path.empty()) {
        auto keys = http::jwks_file::open(path);
        if (!keys)
            throw cohort::failure{keys.error()};
        return std::make_shared<const http::jwt_verifier>(*std::move(keys), rules);
    }
    return std::make_shared<const http::jwt_verifier>(
        http::shared_keys::of(shared_secret()).value(), rules);
}

http::secure_options security_from_environment()
{
    http::secure_options how{.hosts = {"localhost", "127.0.0.1"}};
    how.helmet.profile = http::helmet_profile::api;
    if (const std::string host = setting("PAYMENTS_HOST"); !host.empty())
        how.hosts = {host};
    if (setting("PAYMENTS_PLAIN_HTTP") == "1")  // for trying it out
        how.https = std::nullopt;
    return how;
}

std::string make_token(const std::string& who, const std::string& role)
{
    const http::jwt_signer issuer{
        shared_secret(),
        {.issuer = setting("PAYMENTS_ISSUER", "payments"), .audience = "payments"}};
    return issuer.sign(who, {{"roles", role}});
}

std::optional<http::tls::options> tls_from_environment()
{
    const std::string certificate = setting("PAYMENTS_CERTIFICATE");
    if (certificate.empty())
        return std::nullopt;
    http::tls::options out;
    out.certificates.push_back({certificate, setting("PAYMENTS_KEY")});
    return out;
}
