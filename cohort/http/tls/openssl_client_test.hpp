#pragma once
// For tests of TLS: certificates made on the spot, and a client that OpenSSL speaks for.

#include <cohort/base/unique_fd.hpp>
#include <cohort/http/tls/options.hpp>

#include <doctest/doctest.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http::detail {

template <auto Free>
struct freed_by {
    void operator()(auto* what) const { Free(what); }
};
using test_key = std::unique_ptr<EVP_PKEY, freed_by<&EVP_PKEY_free>>;
using test_certificate = std::unique_ptr<X509, freed_by<&X509_free>>;
using test_session = std::unique_ptr<SSL_SESSION, freed_by<&SSL_SESSION_free>>;

/// Somebody with a key and a certificate.
struct identity {
    test_key key;
    test_certificate certificate;
};

struct wish {
    std::string name;            // the subject's common name
    std::string alternatives{};  // "DNS:a.test,DNS:*.b.test"
    long from = -3600;           // seconds from now
    long until = 90L * 24 * 60 * 60;
    bool authority = false;
};

inline void extend(X509* what, X509* issuer, int kind, const std::string& value)
{
    X509V3_CTX about;
    X509V3_set_ctx_nodb(&about);
    X509V3_set_ctx(&about, issuer, what, nullptr, nullptr, 0);
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &about, kind, value.c_str());
    REQUIRE(made != nullptr);
    X509_add_ext(what, made, -1);
    X509_EXTENSION_free(made);
}

/// Signed by `by`, or by itself.
inline identity make_identity(const wish& w, const identity* by = nullptr)
{
    static long serial = 1000;
    identity made{test_key{EVP_EC_gen("P-256")}, test_certificate{X509_new()}};
    X509* const c = made.certificate.get();
    REQUIRE(made.key);
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), w.from);
    X509_gmtime_adj(X509_getm_notAfter(c), w.until);
    X509_set_pubkey(c, made.key.get());
    X509_NAME* const name = X509_get_subject_name(c);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(w.name.c_str()), -1, -1, 0);
    X509* const issuer = by != nullptr ? by->certificate.get() : c;
    X509_set_issuer_name(c, X509_get_subject_name(issuer));
    extend(c, issuer, NID_basic_constraints, w.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!w.alternatives.empty())
        extend(c, issuer, NID_subject_alt_name, w.alternatives);
    EVP_PKEY* const signs = by != nullptr ? by->key.get() : made.key.get();
    REQUIRE(X509_sign(c, signs, EVP_sha256()) > 0);
    return made;
}

/// A folder that goes away with its files.
struct pem_folder {
    pem_folder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "cohort-tls-XXXXXX");
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~pem_folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    pem_folder(const pem_folder&) = delete;
    pem_folder& operator=(const pem_folder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path / name; }

    /// NAME.pem and NAME.key.
    tls::certificate_files put(const std::string& name, const identity& who) const
    {
        const tls::certificate_files to{file(name + ".pem"), file(name + ".key")};
        write(to.certificate, [&](FILE* f) { PEM_write_X509(f, who.certificate.get()); });
        write(to.key, [&](FILE* f) {
            PEM_write_PrivateKey(f, who.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        return to;
    }
    /// As a new file, as those do that renew certificates.
    static void write(const std::string& to, auto&& fill)
    {
        const std::string beside = to + ".new";
        FILE* const f = std::fopen(beside.c_str(), "we");
        REQUIRE(f != nullptr);
        fill(f);
        std::fclose(f);
        std::filesystem::permissions(beside, std::filesystem::perms{0600});
        std::filesystem::rename(beside, to);
    }

    std::filesystem::path path;
};

/// How a client begins.
struct client_options {
    std::string server_name{};
    std::string protocols{};  // of ALPN, as on the wire
    int least = TLS1_2_VERSION;
    int most = TLS1_3_VERSION;
    const identity* shows = nullptr;
    SSL_SESSION* resumes = nullptr;
};

/// The other end of a TLS connection: non-blocking, and it remembers what it was told.
struct tls_client {
    tls_client(int fd, const client_options& how)
        : socket{fd}, rules{SSL_CTX_new(TLS_client_method())}
    {
        ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own BIO writes to servers that have left
        SSL_CTX* const r = rules.get();
        SSL_CTX_set_min_proto_version(r, how.least);
        SSL_CTX_set_max_proto_version(r, how.most);
        SSL_CTX_set_security_level(r, 0);  // old versions are refused by the server, not here
        SSL_CTX_set_session_cache_mode(r, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(r, [](SSL* of, SSL_SESSION* fresh) {
            static_cast<tls_client*>(SSL_get_app_data(of))->tickets.emplace_back(fresh);
            return 1;
        });
        if (how.shows != nullptr) {
            SSL_CTX_use_certificate(r, how.shows->certificate.get());
            SSL_CTX_use_PrivateKey(r, how.shows->key.get());
        }
        ssl.reset(SSL_new(r));
        SSL_set_app_data(ssl.get(), this);
        SSL_set_fd(ssl.get(), socket.borrow());
        if (!how.server_name.empty())
            SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(how.server_name.c_str()));
        if (!how.protocols.empty())
            SSL_set_alpn_protos(ssl.get(),
                                reinterpret_cast<const unsigned char*>(how.protocols.data()),
                                static_cast<unsigned>(how.protocols.size()));
        if (how.resumes != nullptr)
            SSL_set_session(ssl.get(), how.resumes);
        SSL_set_connect_state(ssl.get());
    }
    /// As if goodbye had been said: otherwise OpenSSL spoils the sessions.
    ~tls_client() { SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
    tls_client(const tls_client&) = delete;
    tls_client& operator=(const tls_client&) = delete;

    /// Everything that can be done now.
    void listen()
    {
        if (!ready && !ended()) {
            const int said = SSL_do_handshake(ssl.get());
            ready = said == 1;
            if (!ready)
                note(said);
        }
        std::array<char, 65'536> bytes;
        while (ready && !ended()) {
            const int got = SSL_read(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
            if (got <= 0)
                return note(got);
            heard.append(bytes.data(), static_cast<std::size_t>(got));
        }
    }
    void say(std::string_view bytes)
    {
        REQUIRE(SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) ==
                static_cast<int>(bytes.size()));
    }
    [[nodiscard]] bool has(std::string_view what) const
    {
        return heard.find(what) != std::string::npos;
    }
    [[nodiscard]] bool ended() const { return clean || broken; }
    [[nodiscard]] std::string peer_name() const
    {
        char name[256] = {};
        const std::unique_ptr<X509, freed_by<&X509_free>> shown{
            SSL_get1_peer_certificate(ssl.get())};
        if (shown)
            X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name,
                                      sizeof name);
        return name;
    }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl.get()) == 1; }

    unique_fd socket;
    std::unique_ptr<SSL_CTX, freed_by<&SSL_CTX_free>> rules;
    std::unique_ptr<SSL, freed_by<&SSL_free>> ssl;
    std::vector<test_session> tickets;
    std::string heard;
    bool ready = false;
    bool clean = false;   // close_notify
    bool broken = false;  // anything else

private:
    void note(int said)
    {
        const int why = SSL_get_error(ssl.get(), said);
        clean = clean || why == SSL_ERROR_ZERO_RETURN;
        broken = broken || why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL;
        ERR_clear_error();
    }
};

}  // namespace cohort::http::detail
