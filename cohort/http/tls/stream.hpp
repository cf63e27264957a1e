#pragma once
// One connection's TLS, on a socket that does not wait. What it does, OpenSSL does.

#include <cohort/http/tls/facts.hpp>
#include <cohort/http/tls/handshake_failure.hpp>
#include <cohort/http/transfer.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;  // OpenSSL's SSL

namespace cohort::http::tls {

/// Our side of one TLS connection. A resource; the socket stays its owner's, and must stay open.
///
/// Every step may ask for the other direction than its own: do the same step again when the socket
/// is as it says.
class stream {
public:
    /// Takes `fresh` over, which a context has made. `kept` lives as long as the stream.
    stream(ssl_st* fresh, int socket, std::shared_ptr<const void> kept);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream();

    /// Until it is done, nothing else may be called.
    [[nodiscard]] transfer shake_hands() noexcept;

    /// Up to one record. What is behind it may have left the socket, which then will never be
    /// readable again: read until outcome::readable, or while holds_bytes().
    [[nodiscard]] transfer read(std::span<char> into) noexcept;

    /// A part of `bytes`, 16 KiB at most. After outcome::writable or readable the same bytes must
    /// come again, from anywhere, and there may be more behind them.
    [[nodiscard]] transfer write(std::string_view bytes) noexcept;

    /// Says that nothing more comes. Once is enough; what the client has to say is not awaited.
    void say_goodbye() noexcept;

    /// Something may be there that has left the socket already.
    [[nodiscard]] bool holds_bytes() const noexcept { return holds_bytes_; }
    [[nodiscard]] bool is_ready() const noexcept { return ready_; }
    /// The client has said something, so the handshake is under way or done.
    [[nodiscard]] bool met_client() const noexcept;

    /// What was agreed upon by ALPN: "h2", "http/1.1", or nothing.
    [[nodiscard]] std::string_view protocol() const noexcept;
    /// What else the handshake came to. Order: once it is done.
    [[nodiscard]] const tls::facts& facts() const noexcept { return *facts_; }
    /// The client spoke plain HTTP to us.
    [[nodiscard]] bool met_plain_http() const noexcept
    {
        return failure_ == handshake_failure::plain_http;
    }
    /// Why the handshake failed, if it did.
    [[nodiscard]] handshake_failure failure() const noexcept { return failure_; }
    /// And if the connection ended now, before it is done.
    [[nodiscard]] handshake_failure how_it_breaks_off() const noexcept;

    /// What went wrong, in OpenSSL's words, if it has some; for logs.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

private:
    struct freed {
        void operator()(ssl_st* what) const noexcept;
    };
    [[nodiscard]] transfer outcome_of(int said) noexcept;

    std::shared_ptr<const void> kept_;
    std::unique_ptr<ssl_st, freed> ssl_;
    std::unique_ptr<const tls::facts> facts_;
    const char* reason_ = "";  // OpenSSL's own, which live for ever
    bool ready_ = false;
    bool broken_ = false;
    bool holds_bytes_ = false;
    handshake_failure failure_ = handshake_failure::none;
};

}  // namespace cohort::http::tls
