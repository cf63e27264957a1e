#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::crypto {

/// What one guess costs: 2^log2_n × 8 × `p` blocks of work, 2^log2_n KiB of memory. A value.
struct password_cost {
    unsigned log2_n = 15;  ///< 10 to 20.
    unsigned p = 3;        ///< 1 to 16.
};

/// "$scrypt$ln=15,r=8,p=3$salt$hash" with a new salt. Takes some 100 ms and 32 MiB:
/// `co_await offload([&] { return hash_password(word); })`. Costs out of range are asserted.
///
/// Errors: throws failure{errc::too_large} for passwords of more than 1024 bytes, std::bad_alloc
/// if there is no memory for the work.
/// Source: RFC 7914; the default cost is one that OWASP's password storage sheet recommends.
[[nodiscard]] std::string hash_password(std::string_view password, password_cost cost = {});

/// Whether `hash` was made of this password. False also for what hash_password() did not write and
/// for passwords of more than 1024 bytes. As slow, also where there is no hash: for a name that
/// nobody has, pass an empty one, so that the time does not tell. `usual` is the cost of that.
///
/// Errors: throws std::bad_alloc if there is no memory for the work.
[[nodiscard]] bool verify_password(std::string_view password, std::string_view hash,
                                   password_cost usual = {});

/// Whether `hash` was made at another cost than this: hash the password again at the next login.
[[nodiscard]] bool is_outdated(std::string_view hash, password_cost cost = {});

inline constexpr std::size_t password_bytes_max = 1024;

}  // namespace cohort::crypto
