#pragma once

#include <cohort/base/error.hpp>
#include <cohort/crypto/digest.hpp>
#include <cohort/crypto/seal.hpp>
#include <cohort/crypto/secret.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::crypto {

/// The keys of a ring for one purpose: what is signed for one means nothing for another. The first
/// key signs and seals, all of them verify and open. A resource; const calls from any thread.
class purpose_keys {
public:
    /// A code for `bytes` by the first key.
    [[nodiscard]] digest sign(std::string_view bytes) const;

    /// Which key made `code` for `bytes`: 0 is the first. More than 0: sign again, that key will
    /// go. Nothing: none did.
    [[nodiscard]] std::optional<std::size_t> verify(std::string_view bytes,
                                                    std::string_view code) const;

    [[nodiscard]] std::string seal(const sealing& what) const;

    struct opened {
        std::string plain;
        std::size_t key;  ///< As verify() says.
    };
    [[nodiscard]] std::optional<opened> open(std::string_view sealed,
                                             std::string_view place = {}) const;

private:
    friend class key_ring;
    struct pair {
        secret signs;
        secret seals;
    };
    std::vector<pair> pairs_;
};

/// The secrets of a program, newest first: new ones are put in front, old ones stay until nothing
/// made with them is in use. All workers need the same ones. A resource, wiped at its end.
class key_ring {
public:
    static constexpr std::size_t secret_bytes_min = 32;
    static constexpr std::size_t secrets_max = 16;

    /// Errors: errc::bad_value, for no secret, too many, the same twice, or fewer than 32 bytes in
    /// one. Length is all that can be checked: make them by `openssl rand -base64 32`.
    [[nodiscard]] static result<key_ring> of(std::vector<secret> newest_first);

    /// One secret a line, as secret::parse() reads it; empty lines are skipped.
    [[nodiscard]] static result<key_ring> parse(std::string_view lines);

    /// The same from a file of at most 64 KiB. Errors: also those of open(2) and read(2).
    [[nodiscard]] static result<key_ring> from_file(const std::string& path);

    /// One random secret: for tests, and for what need not outlive this process and its forks.
    [[nodiscard]] static key_ring random();

    /// Keys of their own for each purpose, by HKDF. `purpose` names it for ever: change it and
    /// everything made before is void.
    [[nodiscard]] purpose_keys keys_for(std::string_view purpose) const;

    [[nodiscard]] std::size_t size() const noexcept { return secrets_.size(); }

private:
    explicit key_ring(std::vector<secret> secrets) noexcept
        : secrets_{std::move(secrets)}
    {}

    std::vector<secret> secrets_;
};

}  // namespace cohort::crypto
