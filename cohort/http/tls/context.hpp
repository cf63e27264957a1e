#pragma once
// Certificates, and everything else that is agreed upon before a TLS connection carries bytes.

#include <cohort/base/error.hpp>
#include <cohort/http/tls/certificate_life.hpp>
#include <cohort/http/tls/options.hpp>
#include <cohort/http/tls/stream.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace cohort::http::tls {

struct generation;
class ticket_keys;

/// How TLS is spoken on some endpoints. A resource, of one thread; a process that is forked has a
/// copy of its own, with the same ticket keys.
///
/// TLS 1.2 and 1.3, forward secrecy and AEAD only, the server's preference, no compression, no
/// renegotiation, no early data. Sessions are resumed by tickets; nothing is kept here for them.
class context {
public:
    /// Reads all files. Errors: errno for a file that cannot be read; errc::bad_value for one that
    /// does not hold what it should, a key of another certificate, options that are no use. The
    /// text says which file, and what to do.
    [[nodiscard]] static result<std::shared_ptr<context>> load(options wanted);

    context(options wanted, std::shared_ptr<const generation> first);
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context();

    /// What ALPN may choose.
    enum class protocols : std::uint8_t { http1, http1_and_2 };

    /// Our side of a connection that has been accepted. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<stream> begin(int socket, protocols spoken);

    /// Reads all files again. New connections get what is new, those that are open keep what they
    /// have. Errors: as load(); everything is as it was.
    [[nodiscard]] result<> reload();

    /// The same if a file has changed since it was read, but not at once: the files are looked at
    /// here, and read on one of the loop's lanes. A failure is logged, once for each change.
    /// Loop: that one, whenever it is called and for what comes of it.
    void look_at_files(boost::asio::io_context& loop);

    [[nodiscard]] seconds handshake_patience() const noexcept { return options_->handshake; }

    /// What is usable but not right: a certificate from the future, a key that anybody can read.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept;

    /// How long those certificates are good that new connections get.
    [[nodiscard]] const std::vector<certificate_life>& certificates() const noexcept;

    /// Logs which of them end within 30 days (a warning) or have expired (an error): one line each,
    /// once a day however often it is called, and at once what is new or worse.
    /// @param now  seconds since 1970
    void tell_of_ends(std::int64_t now);

private:
    using stamps = std::vector<std::uint64_t>;
    void come_back(result<std::shared_ptr<const generation>> fresh, stamps seen);

    std::shared_ptr<const options> options_;  // an errand looks at them, too
    std::shared_ptr<ticket_keys> tickets_;
    std::shared_ptr<const generation> now_;
    stamps refused_;  // of files that were found wanting
    expiry_watch ends_;
    /// Somebody reads the files. What becomes of it counts as long as this is the same.
    std::shared_ptr<const int> errand_;
};

}  // namespace cohort::http::tls
