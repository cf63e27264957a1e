// https: who is believed, and who is not.
#include <cohort/http/client/client.hpp>

#include <cohort/http/client/detail/client_scene_test.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <doctest/doctest.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <unistd.h>

using namespace cohort;
using namespace cohort::http::detail;

namespace {

std::string text_of(BIO* from)
{
    char* bytes = nullptr;
    const auto size = BIO_ctrl(from, BIO_CTRL_INFO, 0, static_cast<void*>(&bytes));
    return {bytes, static_cast<std::size_t>(size)};
}

/// A key, and a certificate that it has signed for itself.
struct identity {
    explicit identity(const char* names)
    {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair{
            EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &EVP_PKEY_free};
        const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), &X509_free};
        REQUIRE(pair);
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
        X509_set_pubkey(made.get(), pair.get());
        X509_NAME* const name = X509_get_subject_name(made.get());
        const std::string common = "test";
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1,
                                   0);
        X509_set_issuer_name(made.get(), name);
        X509_EXTENSION* const also =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
        X509_add_ext(made.get(), also, -1);
        X509_EXTENSION_free(also);
        REQUIRE(X509_sign(made.get(), pair.get(), EVP_sha256()) > 0);

        const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
        PEM_write_bio_X509(out.get(), made.get());
        certificate = text_of(out.get());
        const std::unique_ptr<BIO, decltype(&BIO_free)> secret{BIO_new(BIO_s_mem()), &BIO_free};
        PEM_write_bio_PrivateKey(secret.get(), pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
        key = text_of(secret.get());
        REQUIRE(::close(::mkstemp(file.data())) == 0);
        std::ofstream{file} << certificate;
    }
    ~identity() { std::filesystem::remove(file); }
    identity(const identity&) = delete;
    identity& operator=(const identity&) = delete;

    std::string certificate;
    std::string key;
    std::string file = "/tmp/cohort-test-XXXXXX";
};

/// A server that speaks TLS and answers each request alike.
class tls_server {
public:
    tls_server(client_scene& in, const identity& is)
        : door_{in.h.loop, {boost::asio::ip::address_v4::loopback(), 0}}
    {
        context_.use_certificate(boost::asio::buffer(is.certificate),
                                 boost::asio::ssl::context::pem);
        context_.use_private_key(boost::asio::buffer(is.key), boost::asio::ssl::context::pem);
        in.tasks.spawn(serve(in.tasks));
    }
    [[nodiscard]] std::string port() const { return std::to_string(door_.local_endpoint().port()); }

private:
    awaitable<> serve(scope& tasks)
    {
        for (;;) {
            auto [why, one] = co_await door_.async_accept(use_tuple);
            if (why)
                co_return;
            tasks.spawn(talk(std::move(one)));
        }
    }
    awaitable<> talk(tcp::socket one)
    {
        boost::asio::ssl::stream<tcp::socket> stream{std::move(one), context_};
        const auto [refused] =
            co_await stream.async_handshake(boost::asio::ssl::stream_base::server, use_tuple);
        if (refused)
            co_return;
        std::string bytes;
        for (;;) {
            auto into = boost::asio::dynamic_buffer(bytes);
            const auto [why, size] =
                co_await boost::asio::async_read_until(stream, into, "\r\n\r\n", use_tuple);
            if (why)
                co_return;
            const bool cut = bytes.starts_with("GET /cut");
            bytes.erase(0, size);
            const std::string says =
                cut ? "HTTP/1.1 200 OK\r\n\r\nnot the whole" : plain("over TLS");
            const auto [failed, put] =
                co_await boost::asio::async_write(stream, boost::asio::buffer(says), use_tuple);
            if (failed || cut)
                co_return;
        }
    }

    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
    tcp::acceptor door_;
};

http::client trusting(const std::string& file)
{
    http::client_options options;
    options.ca_file = file;
    options.retry.attempts_max = 1;
    return http::client{options};
}

}  // namespace

TEST_CASE("a server is believed if who vouches for it is known, and it is who was asked for")
{
    const identity local{"DNS:localhost"};
    const identity other{"DNS:localhost"};
    client_scene s;
    tls_server server{s, local};
    http::client knows = trusting(local.file);
    http::client knows_other = trusting(other.file);
    http::client knows_system = trusting({});
    http::client knows_nothing = trusting("/nowhere.pem");
    for (const http::client& each : {knows, knows_other, knows_system, knows_nothing})
        s.look_after(each);
    const std::string right = "https://localhost:" + server.port() + "/";

    const auto first = s.run(knows.get(right));
    REQUIRE_MESSAGE(first, (first ? "" : first.error().text()));
    CHECK(first->body() == "over TLS");
    CHECK(s.run(knows.get(right))->body() == "over TLS");
    CHECK(knows.counters().connections_opened == 1);

    CHECK_FALSE(s.run(knows.get("https://127.0.0.1:" + server.port() + "/")));
    CHECK_FALSE(s.run(knows_other.get(right)));
    CHECK_FALSE(s.run(knows_system.get(right)));
    CHECK_FALSE(s.run(knows_nothing.get(right)));
    CHECK_FALSE(s.run(knows.get("http://localhost:" + server.port() + "/")));
    s.finish();
}

TEST_CASE("the end of an answer without length has to be said by TLS, or somebody cut it")
{
    const identity local{"DNS:localhost"};
    client_scene s;
    tls_server server{s, local};
    http::client knows = trusting(local.file);
    s.look_after(knows);
    const auto cut = s.run(knows.get("https://localhost:" + server.port() + "/cut"));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().why() == errc::channel_closed);
    s.finish();
}
