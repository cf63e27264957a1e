#pragma once

#include <cohort/base/error.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace cohort::crypto {

/// Bytes that are overwritten when their owner is gone. A resource: moved, not copied by accident.
class secret {
public:
    explicit secret(std::string_view bytes)
        : bytes_{bytes.begin(), bytes.end()}
    {}
    secret(secret&&) noexcept = default;
    secret& operator=(secret&& other) noexcept;
    ~secret();

    /// `count` random bytes.
    [[nodiscard]] static secret random(std::size_t count = 32);

    /// "hex:00ff…", "base64:…" (also base64url) or "text:…". Errors: errc::bad_value, without the
    /// words themselves.
    [[nodiscard]] static result<secret> parse(std::string_view text);

    [[nodiscard]] secret copy() const { return secret{view()}; }

    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }

private:
    void forget() noexcept;

    std::vector<char> bytes_;  // a string would leave short ones behind when it is moved
};

}  // namespace cohort::crypto
