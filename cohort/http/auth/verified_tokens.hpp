#pragma once

#include <cohort/http/keyed_hash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

struct jwt_claims;

/// A token that was verified: what it says, when, and by which keys. A value.
struct verified_token {
    std::string text;
    std::shared_ptr<const jwt_claims> claims;
    std::int64_t valid_from = 0;  ///< Seconds since 1970, leeway included.
    std::int64_t valid_until = 0;
    /// What verified it; with other keys it is verified anew. Null: keys that never change.
    std::shared_ptr<const void> keys = {};
};

/// Remembers tokens that were verified, since clients send the same one again and again and each
/// check costs microseconds. A resource; any thread. Bounded: a newcomer takes the place of another
/// token of its set of four.
///
/// What is found is the whole token, octet for octet. Where it is looked for depends on a hash with
/// a key of this process, so that nobody can fill one set, or learn of a token by how long this
/// takes.
class verified_tokens {
public:
    /// Longer tokens are not remembered.
    static constexpr std::size_t token_bytes_max = 2048;

    /// `count` is rounded up to a multiple of four; 0: none are remembered.
    explicit verified_tokens(std::size_t count);

    /// What it says, if it is remembered, valid at `now`, and was verified by these keys.
    [[nodiscard]] std::shared_ptr<const jwt_claims> find(std::string_view token, std::int64_t now,
                                                         const void* keys) const;
    void keep(verified_token one);

private:
    static constexpr std::size_t ways = 4;
    using set = std::array<verified_token, ways>;

    hash_secret key_;
    mutable std::mutex mutex_;
    std::vector<set> sets_;
    std::size_t next_way_ = 0;
};

}  // namespace cohort::http
