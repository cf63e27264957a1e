#include <cohort/http/tls/generation.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/http/tls/alpn.hpp>
#include <cohort/http/tls/pem.hpp>
#include <cohort/http/tls/ticket_keys.hpp>

#include <fmt/format.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <array>
#include <cstring>
#include <ctime>
#include <utility>

namespace cohort::http::tls {

namespace {

// TLS 1.2: an ephemeral key for each connection, and authenticated encryption. (1.3 has no others.)
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

/// No longer than a ticket can be opened.
constexpr long session_seconds = 2L * 60 * 60;

std::unexpected<fault> refuse(std::string words)
{
    return failed(errc::bad_value, "set up TLS", fmt::format("({})", words));
}

std::unexpected<fault> broken(const char* step)
{
    const char* const why = ERR_reason_error_string(ERR_peek_last_error());
    std::string words = fmt::format("{}: {}", step, why != nullptr ? why : "no reason given");
    ERR_clear_error();
    return refuse(std::move(words));
}

const generation& generation_of(SSL* ssl) noexcept
{
    return *static_cast<const generation*>(SSL_get_app_data(ssl));
}

int choose_certificate(SSL* ssl, int*, void*) noexcept
{
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr)
        return SSL_TLSEXT_ERR_NOACK;
    for (const generation::handle& each : generation_of(ssl).contexts) {
        X509* const mine = SSL_CTX_get0_certificate(each.get());
        if (X509_check_host(mine, name, std::strlen(name), 0, nullptr) == 1) {
            SSL_set_SSL_CTX(ssl, each.get());
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

int seal_ticket(const ticket_keys::key& with, unsigned char* name, unsigned char* iv,
                EVP_CIPHER_CTX* cipher)
{
    std::memcpy(name, with.name.data(), with.name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
        return -1;
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, with.cipher.data(), iv);
}

/// See SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
int ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
           EVP_MAC_CTX* mac, int seals)
{
    const generation& of = generation_of(ssl);
    ticket_keys& keys = *of.tickets;
    const steady_time now = of.clock();
    const ticket_keys::found found =
        seals == 1 ? ticket_keys::found{&keys.current(now), true}
                   : keys.find(std::span<const unsigned char, 16>{name, 16}, now);
    if (found.with == nullptr)
        return 0;  // a full handshake, and a new ticket
    std::array<unsigned char, 32> mac_key = found.with->mac;
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key.data(), mac_key.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const int mac_set = EVP_MAC_CTX_set_params(mac, parameters.data());
    OPENSSL_cleanse(mac_key.data(), mac_key.size());
    const int cipher_set = seals == 1 ? seal_ticket(*found.with, name, iv, cipher)
                                      : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr,
                                                           found.with->cipher.data(), iv);
    if (mac_set != 1 || cipher_set != 1)
        return -1;
    return found.current ? 1 : 2;  // 2: the client shall have a newer one
}

void set_rules(SSL_CTX* made, const options& wanted)
{
    SSL_CTX_set_min_proto_version(made, wanted.least == least_version::tls_1_3 ? TLS1_3_VERSION
                                                                               : TLS1_2_VERSION);
    SSL_CTX_set_options(made, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    // A record is read by one system call in place of two, and those behind it with it.
    SSL_CTX_set_read_ahead(made, 1);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(made, session_seconds);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(made, &ticket);
    // What SSL_CTX_set_tlsext_servername_callback() is, without its C cast.
    SSL_CTX_callback_ctrl(made, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&choose_certificate));
    SSL_CTX_set_alpn_select_cb(made, &choose_protocol, nullptr);
}

std::int64_t seconds_of(const ASN1_TIME* at) noexcept
{
    tm parts{};
    return ASN1_TIME_to_tm(at, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

result<> set_certificate(SSL_CTX* made, const certificate_files& files, generation& into)
{
    COHORT_TRY(std::vector<certificate> chain, read_certificates(files.certificate));
    COHORT_TRY(const private_key key, read_key(files.key));
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        return failed(errc::bad_value, "use the TLS key",
                      fmt::format("{} (it is not the key of the first certificate in {}: both "
                                  "must come from one issuance, and that certificate comes first)",
                                  files.key, files.certificate));
    }
    if (SSL_CTX_use_certificate(made, chain.front().get()) != 1 ||
        SSL_CTX_use_PrivateKey(made, key.get()) != 1)
        return broken(files.certificate.c_str());
    for (std::size_t at = 1; at < chain.size(); ++at) {
        if (SSL_CTX_add1_chain_cert(made, chain[at].get()) != 1)
            return broken(files.certificate.c_str());
    }
    into.lives.push_back({.file = files.certificate,
                          .not_after = seconds_of(X509_get0_notAfter(chain.front().get()))});
    if (X509_cmp_current_time(X509_get0_notBefore(chain.front().get())) > 0)
        into.warnings.push_back(fmt::format("the TLS certificate {} is not valid yet: clients will "
                                            "refuse it; is the clock right?",
                                            files.certificate));
    struct stat about{};
    if (::stat(files.key.c_str(), &about) == 0 && (about.st_mode & S_IRWXO) != 0)
        into.warnings.push_back(
            fmt::format("the TLS key {} can be read by everybody on this machine: "
                        "`chmod o= {}`",
                        files.key, files.key));
    return {};
}

/// Tickets say that their client was checked: by these rules, and no others.
result<> set_client_check(SSL_CTX* made, const options& wanted)
{
    std::string rules = fmt::format("{}", std::to_underlying(wanted.client));
    if (wanted.client != client_check::off) {
        COHORT_TRY(const std::vector<certificate> trusted, read_certificates(wanted.client_ca));
        X509_STORE* const store = SSL_CTX_get_cert_store(made);
        for (const certificate& each : trusted) {
            if (X509_STORE_add_cert(store, each.get()) != 1 ||
                SSL_CTX_add_client_CA(made, each.get()) != 1)
                return broken(wanted.client_ca.c_str());
            std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
            unsigned length = 0;
            X509_digest(each.get(), EVP_sha256(), digest.data(), &length);
            rules.append(reinterpret_cast<const char*>(digest.data()), length);
        }
        const bool all = wanted.client == client_check::required;
        SSL_CTX_set_verify(made, SSL_VERIFY_PEER | (all ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                           nullptr);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(rules.data(), rules.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        return broken("digest");
    static_assert(SSL_MAX_SID_CTX_LENGTH == 32);
    if (SSL_CTX_set_session_id_context(made, digest.data(), SSL_MAX_SID_CTX_LENGTH) != 1)
        return broken("session id context");
    return {};
}

std::uint64_t stamp_of(const std::string& path)
{
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0)
        return 0;
    const auto mix = [](std::uint64_t into, std::uint64_t more) {
        return (into ^ more) * 0x9e37'79b9'7f4a'7c15ULL + (into >> 31U);
    };
    std::uint64_t all = mix(1, static_cast<std::uint64_t>(about.st_mtim.tv_sec));
    all = mix(all, static_cast<std::uint64_t>(about.st_mtim.tv_nsec));
    all = mix(all, about.st_ino);
    return mix(all, static_cast<std::uint64_t>(about.st_size));
}

}  // namespace

void generation::freed::operator()(ssl_ctx_st* what) const noexcept { SSL_CTX_free(what); }

std::vector<std::uint64_t> stamps_of(const options& wanted)
{
    std::vector<std::uint64_t> all;
    for (const certificate_files& each : wanted.certificates) {
        all.push_back(stamp_of(each.certificate));
        all.push_back(stamp_of(each.key));
    }
    if (!wanted.client_ca.empty())
        all.push_back(stamp_of(wanted.client_ca));
    return all;
}

result<std::shared_ptr<const generation>> generation::read(const options& wanted,
                                                           std::shared_ptr<ticket_keys> tickets)
{
    if (wanted.certificates.empty())
        return refuse("there is no certificate: give one and its key, as PEM files");
    if (wanted.client != client_check::off && wanted.client_ca.empty())
        return refuse("clients shall show certificates, and nobody may vouch for them: give "
                      "client_ca, a PEM file");
    auto made = std::make_shared<generation>();
    made->stamps = stamps_of(wanted);
    made->tickets = std::move(tickets);
    made->clock = wanted.clock;
    for (const certificate_files& each : wanted.certificates) {
        handle one{SSL_CTX_new(TLS_server_method())};
        if (!one)
            return broken("SSL_CTX_new");
        set_rules(one.get(), wanted);
        std::string own_groups{groups};  // OpenSSL's macro takes them as if it would write there
        if (SSL_CTX_set_cipher_list(one.get(), ciphers) != 1 ||
            SSL_CTX_set1_groups_list(one.get(), own_groups.data()) != 1)
            return broken("ciphers");
        COHORT_TRY(set_certificate(one.get(), each, *made));
        COHORT_TRY(set_client_check(one.get(), wanted));
        made->contexts.push_back(std::move(one));
    }
    return made;
}

}  // namespace cohort::http::tls
