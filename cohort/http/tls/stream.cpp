#include <cohort/http/tls/stream.hpp>

#include <cohort/base/assert.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>

namespace cohort::http::tls {

namespace {

int socket_of(BIO* bio) noexcept
{
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int put(BIO* bio, const char* bytes, int count) noexcept
{
    BIO_clear_retry_flags(bio);
    const ssize_t gone =
        ::send(socket_of(bio), bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (gone < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return static_cast<int>(gone);
}

int take(BIO* bio, char* into, int count) noexcept
{
    BIO_clear_retry_flags(bio);
    const ssize_t got = ::recv(socket_of(bio), into, static_cast<std::size_t>(count), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

long control(BIO*, int what, long, void*) noexcept { return what == BIO_CTRL_FLUSH ? 1 : 0; }

int make(BIO* bio) noexcept
{
    BIO_set_init(bio, 1);
    return 1;
}

/// OpenSSL's own socket BIO uses write(2): a client that is gone would be a SIGPIPE.
const BIO_METHOD* socket_method()
{
    static BIO_METHOD* const made = [] {
        BIO_METHOD* const method =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cohort socket");
        if (method == nullptr)
            throw std::bad_alloc{};
        BIO_meth_set_write(method, &put);
        BIO_meth_set_read(method, &take);
        BIO_meth_set_ctrl(method, &control);
        BIO_meth_set_create(method, &make);
        return method;
    }();
    return made;
}

int as_int(std::size_t count) noexcept
{
    return static_cast<int>(std::min<std::size_t>(count, std::numeric_limits<int>::max()));
}

}  // namespace

void stream::freed::operator()(ssl_st* what) const noexcept { SSL_free(what); }

stream::stream(ssl_st* fresh, int socket)
    : ssl_{fresh}
{
    COHORT_ASSERT(fresh != nullptr);
    BIO* const bio = BIO_new(socket_method());
    if (bio == nullptr)
        throw std::bad_alloc{};
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    SSL_set_bio(fresh, bio, bio);
    SSL_set_accept_state(fresh);
}

stream::~stream() = default;

transfer stream::outcome_of(int said) noexcept
{
    switch (SSL_get_error(ssl_.get(), said)) {
        case SSL_ERROR_WANT_READ:
            return {transfer::outcome::readable};
        case SSL_ERROR_WANT_WRITE:
            return {transfer::outcome::writable};
        case SSL_ERROR_ZERO_RETURN:
            return {transfer::outcome::ended};
        case SSL_ERROR_SSL:
            if (const char* const words = ERR_reason_error_string(ERR_peek_error()))
                reason_ = words;
            break;
        default:
            reason_ = "the connection broke off";
            break;
    }
    // After either nothing may be said any more, not even goodbye.
    broken_ = true;
    ERR_clear_error();
    return {transfer::outcome::broken};
}

transfer stream::shake_hands() noexcept
{
    ERR_clear_error();
    const int said = SSL_do_handshake(ssl_.get());
    if (said != 1)
        return outcome_of(said);
    ready_ = true;
    return {transfer::outcome::done};
}

transfer stream::read(std::span<char> into) noexcept
{
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), into.data(), as_int(into.size()));
    if (got > 0)
        return {transfer::outcome::done, static_cast<std::size_t>(got)};
    return outcome_of(got);
}

transfer stream::write(std::string_view bytes) noexcept
{
    ERR_clear_error();
    const int gone = SSL_write(ssl_.get(), bytes.data(), as_int(bytes.size()));
    if (gone > 0)
        return {transfer::outcome::done, static_cast<std::size_t>(gone)};
    return outcome_of(gone);
}

void stream::say_goodbye() noexcept
{
    if (!ready_ || broken_ || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0)
        return;
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(ssl_.get()));
    ERR_clear_error();
}

bool stream::holds_bytes() const noexcept { return SSL_has_pending(ssl_.get()) == 1; }

std::string_view stream::protocol() const noexcept
{
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

std::string_view stream::version() const noexcept { return SSL_get_version(ssl_.get()); }

std::string_view stream::server_name() const noexcept
{
    const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::string_view{name} : std::string_view{};
}

bool stream::is_resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

}  // namespace cohort::http::tls
