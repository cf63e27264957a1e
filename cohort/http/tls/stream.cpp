#include <cohort/http/tls/stream.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/crypto/hex.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

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

std::string subject_of(const X509* shown)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> words{BIO_new(BIO_s_mem()), &BIO_free};
    if (!words || X509_NAME_print_ex(words.get(), X509_get_subject_name(shown), 0,
                                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return {};
    char* text = nullptr;
    const long length = BIO_get_mem_data(words.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

std::vector<std::string> names_of(const X509* shown)
{
    std::vector<std::string> names;
    auto* const all = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(shown, NID_subject_alt_name, nullptr, nullptr));
    for (int at = 0; at < sk_GENERAL_NAME_num(all); ++at) {
        int kind = 0;
        const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, at), &kind);
        if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI)
            continue;
        const auto* const text = static_cast<const ASN1_STRING*>(value);
        names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
    GENERAL_NAMES_free(all);
    return names;
}

facts facts_of(const SSL* of)
{
    facts all;
    all.version = SSL_get_version(of);
    if (const char* const name = SSL_get_servername(of, TLSEXT_NAMETYPE_host_name))
        all.server_name = name;
    all.resumed = SSL_session_reused(of) == 1;
    const X509* const shown = SSL_get0_peer_certificate(of);
    if (shown == nullptr || SSL_get_verify_result(of) != X509_V_OK)
        return all;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    X509_digest(shown, EVP_sha256(), digest.data(), &length);
    all.client.emplace(subject_of(shown),
                       crypto::to_hex({reinterpret_cast<const char*>(digest.data()), length}),
                       names_of(shown));
    return all;
}

}  // namespace

void stream::freed::operator()(ssl_st* what) const noexcept { SSL_free(what); }

stream::stream(ssl_st* fresh, int socket, std::shared_ptr<const void> kept)
    : kept_{std::move(kept)}, ssl_{fresh}
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
            failure_ = failure_of(ERR_peek_error());
            break;
        default:
            failure_ = handshake_failure::broken_off;
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
    if (said != 1) {
        const transfer step = outcome_of(said);
        if (failure_ == handshake_failure::broken_off)
            failure_ = how_it_breaks_off();
        return step;
    }
    ready_ = true;
    holds_bytes_ = SSL_has_pending(ssl_.get()) == 1;
    facts_ = std::make_unique<const tls::facts>(facts_of(ssl_.get()));
    return {transfer::outcome::done};
}

transfer stream::read(std::span<char> into) noexcept
{
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), into.data(), as_int(into.size()));
    // A part of a record is held, too, and nothing can be read of it: then the next read says so.
    holds_bytes_ = got > 0 && SSL_has_pending(ssl_.get()) == 1;
    if (got > 0)
        return {transfer::outcome::done, static_cast<std::size_t>(got)};
    const transfer step = outcome_of(got);
    // What wants an answer of ours may lie before more.
    holds_bytes_ = step.what == transfer::outcome::writable;
    return step;
}

bool stream::met_client() const noexcept { return SSL_get_state(ssl_.get()) != TLS_ST_BEFORE; }

handshake_failure stream::how_it_breaks_off() const noexcept
{
    return BIO_number_read(SSL_get_rbio(ssl_.get())) == 0 ? handshake_failure::nothing_said
                                                          : handshake_failure::broken_off;
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

std::string_view stream::protocol() const noexcept
{
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

}  // namespace cohort::http::tls
