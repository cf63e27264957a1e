#pragma once

#include <cohort/crypto/digest.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/limiting/limit_table.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>
#include <cohort/observe/log_budget.hpp>

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::dashboard {

/// Who may ask over TCP: whoever has the token. A resource of one event loop.
///
/// Of a file it looks whether it is another one now, at each request: a token can be replaced
/// without a restart, and one that cannot be read lets nobody in.
class token_guard {
public:
    /// Empty: nobody comes in.
    explicit token_guard(const std::string& token);
    explicit token_guard(std::filesystem::path file);

    [[nodiscard]] bool knows(std::string_view token);

private:
    void look_at_file();

    std::filesystem::path file_;  // empty: what there is, is all
    struct stat seen_{};
    std::optional<crypto::digest> digest_;
};

/// The door over TCP: who has which token, and how often one may guess. A resource of one event
/// loop.
///
/// Wrong tokens are counted by the address that they come from: who has guessed too often is told
/// to wait. The right token is always heard: what is behind a proxy shares one address, and a
/// stranger there must not keep operators out.
class gate {
public:
    static constexpr std::uint64_t guesses_max = 20;  ///< at once, and so many in a minute
    static constexpr std::size_t addresses_max = 1024;

    /// @param viewers  whoever has that token may look, and order nothing
    gate(token_guard operators, token_guard viewers);

    enum class ruling : std::uint8_t { operates, views, wrong };
    /// Whose token that is. A wrong one is a guess of `from`.
    [[nodiscard]] ruling judge(std::string_view token, std::string_view from, std::uint64_t now_ns);

    /// Until another wrong token may come from there; 0: it may now, or `token` is a right one.
    [[nodiscard]] std::chrono::nanoseconds barred(std::string_view token, std::string_view from,
                                                  std::uint64_t now_ns);

    /// Says in the log that a wrong one came: once a minute, with how many there were.
    void tell(std::string_view from);

    /// Tokens that were wrong.
    [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }

private:
    struct alignas(64) memory_line {
        std::array<std::byte, 64> bytes;
    };
    [[nodiscard]] http::limit_table table() noexcept;

    token_guard operators_;
    token_guard viewers_;
    std::vector<memory_line> memory_;
    std::uint64_t wrong_ = 0;
    log::budget telling_{1, std::chrono::minutes{1}};
};

/// Refuses (429, Retry-After) wrong tokens of addresses that have guessed too often, except for
/// routes that are open_to_all. Lifetime: the gate's. Order: further out than by_token().
[[nodiscard]] http::hooks few_guesses(gate& at);

/// `Authorization: Bearer TOKEN`. Lifetime: the gate's.
[[nodiscard]] http::authenticator by_token(gate& at);

/// A note of routes that change something.
struct for_operators {};

/// Refuses (403) requests to such routes of who may only look.
[[nodiscard]] http::hooks orders_of_operators();

/// Whoever came through the socket may, and whoever has the token for that.
[[nodiscard]] bool may_order(const http::request& of);

/// Takes requests that name an address, localhost, or one of these hosts: another name that leads
/// here is somebody else's, whose page has a browser ask for it (DNS rebinding). Routes noted
/// `any_host_too` are asked under any name.
[[nodiscard]] http::hooks known_hosts(std::vector<std::string> names);

}  // namespace cohort::dashboard
