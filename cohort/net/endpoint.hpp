#pragma once
// What is listened on, as a value: how people write it, and how it is printed.

#include <cohort/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::net {

/// An address to listen on, or the address of a peer. A value.
///
/// Addresses are literal: reading one never asks a name server, because that would block the loop.
/// Two endpoints that mean the same compare equal and print the same text.
class endpoint {
public:
    enum class family : std::uint8_t { tcp, udp, unix_path, unix_abstract, descriptor };

    /// Bytes that fit into sockaddr_un::sun_path with its closing zero.
    static constexpr std::size_t unix_path_bytes_max = 107;

    /// An endpoint that names nothing; text() is empty. Something to assign to.
    endpoint() noexcept = default;

    /// Reads what people write:
    ///
    ///     8080                    every address of this machine, v4 and v6
    ///     127.0.0.1:8080  [::1]:8080  localhost:8080  *:8080     port 0: the kernel picks one
    ///     tcp://127.0.0.1:8080    the same, spelled out
    ///     tls://127.0.0.1:8443    the same to who opens it; who serves it speaks TLS (speaks_tls)
    ///     udp://127.0.0.1:5353    datagrams
    ///     unix:/run/app.sock      a relative path is made absolute here
    ///     unix:@name              Linux's abstract names: no file
    ///     fd:3                    a listening socket this process was given
    ///
    /// Errors:       errc::bad_value; the text says what is wrong and gives an example.
    [[nodiscard]] static result<endpoint> parse(std::string_view text);

    /// From parts that are known to be good, for code that has an address rather than text. `host`
    /// is what inet_ntop(3) prints, or "*".
    [[nodiscard]] static endpoint internet(family kind, std::string host, std::uint16_t port);
    [[nodiscard]] static endpoint unix_socket(family kind, std::string name);
    [[nodiscard]] static endpoint descriptor_number(int number);

    [[nodiscard]] family kind() const noexcept { return kind_; }

    /// tcp and udp: an IPv4 or IPv6 address without brackets, or "*". Else empty.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    /// tcp and udp. Else 0.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// unix_path: absolute. unix_abstract: the name without '@'. Else empty. A Unix peer that never
    /// bound a name (nearly every client) has an empty one.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// descriptor. Else -1.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// The same endpoint with another port: what became of port 0. tcp and udp only.
    [[nodiscard]] endpoint with_port(std::uint16_t port) const;

    /// "tcp://127.0.0.1:8080", "tcp://[::1]:8080", "tcp://*:8080", "udp://…", "unix:/path",
    /// "unix:@name", "fd:3". parse() reads it back as an equal endpoint.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const endpoint&, const endpoint&) = default;

    /// Is this written as an endpoint whose clients begin with a TLS handshake?
    [[nodiscard]] static bool speaks_tls(std::string_view text) noexcept
    {
        return text.starts_with("tls://");
    }

private:
    family kind_ = family::unix_path;
    std::uint16_t port_ = 0;
    int descriptor_ = -1;
    std::string host_;
    std::string path_;
};

}  // namespace cohort::net
