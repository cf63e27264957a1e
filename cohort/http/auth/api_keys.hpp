#pragma once

#include <cohort/base/error.hpp>
#include <cohort/crypto/digest.hpp>
#include <cohort/http/auth/authenticated.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http {

/// A new API key. `text` is shown to its owner once; `hash` is what we keep.
struct new_api_key {
    std::string text;  ///< "shop_k3J9…_…": prefix, id, secret of 256 bits.
    std::string id;    ///< What it is found by; no secret.
    std::string hash;  ///< SHA-256 in hexadecimal. Fast is good enough: nobody guesses 256 bits.
};

/// `prefix` tells secret scanners whose key it is: 1 to 16 small letters and digits, asserted.
[[nodiscard]] new_api_key make_api_key(std::string_view prefix);

/// The keys there are. A value until it is given away; any thread reads.
class api_key_table {
public:
    /// Errors: errc::bad_value, for an id or hash that make_api_key() did not make, or an id that
    /// is there already; errc::too_large, beyond 100'000 keys.
    result<> add(const std::string& id, std::string_view hash, subject owner);

    /// Whose key this is. Takes as long for an unknown id as for a wrong secret.
    [[nodiscard]] const subject* find(std::string_view key) const;

    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
    struct entry {
        crypto::digest hash;
        subject owner;
    };
    std::map<std::string, entry, std::less<>> keys_;
};

/// Choices for api_keys(). A value.
struct api_key_options {
    std::string realm = "api";
    std::string header = "X-API-Key";  ///< Beside `Authorization: ApiKey …`. Empty: not taken.
};

/// Keys in `Authorization: ApiKey …` or a header of its own. To replace the table, give a function
/// that returns the one in force.
[[nodiscard]] authenticator api_keys(std::shared_ptr<const api_key_table> keys,
                                     api_key_options more = {});
[[nodiscard]] authenticator
api_keys(std::function<std::shared_ptr<const api_key_table>()> keys_of_now,
         api_key_options more = {});

}  // namespace cohort::http
