#pragma once
// Keys in the forms in which they come. Each is null for what is no such key.

#include <memory>
#include <string_view>

struct evp_pkey_st;

namespace cohort::crypto::detail {

[[nodiscard]] std::shared_ptr<evp_pkey_st> public_key_of_pem(std::string_view pem);
[[nodiscard]] std::shared_ptr<evp_pkey_st> private_key_of_pem(std::string_view pem);

/// Exponents are odd, 3 at least, and have 8 bytes at most: longer ones only cost us time.
[[nodiscard]] std::shared_ptr<evp_pkey_st> rsa_key(std::string_view modulus,
                                                   std::string_view exponent);
[[nodiscard]] std::shared_ptr<evp_pkey_st> p256_key(std::string_view x, std::string_view y);
[[nodiscard]] std::shared_ptr<evp_pkey_st> ed25519_key(std::string_view bytes);

[[nodiscard]] bool is_p256(const evp_pkey_st* key);

}  // namespace cohort::crypto::detail
