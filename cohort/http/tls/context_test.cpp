#include <cohort/http/tls/context.hpp>

#include <cohort/http/detail/tls_test.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

std::string complaint(const tls::options& how)
{
    const auto made = tls::context::load(how);
    return made ? std::string{} : made.error().text();
}

bool says(const std::string& text, std::string_view what)
{
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("what is wrong with files is said with their names, and with what to do")
{
    const pem_folder folder;
    const identity one = make_identity({"one.test", "DNS:one.test"});
    const tls::certificate_files good = folder.put("one", one);
    const tls::certificate_files other = folder.put("other", make_identity({"other"}));
    tls::options how;
    CHECK(says(complaint(how), "there is no certificate: give one and its key"));

    how.certificates = {{folder.file("none.pem"), good.key}};
    CHECK(complaint(how) ==
          "read the PEM file " + folder.file("none.pem") + ": No such file or directory");
    how.certificates = {{good.key, good.certificate}};
    CHECK(says(complaint(how),
               good.key + " (there is no \"BEGIN CERTIFICATE\" in it: is it the key"));
    how.certificates = {{good.certificate, good.certificate}};
    CHECK(says(complaint(how), good.certificate + " (there is no private key in it"));
    how.certificates = {{good.certificate, other.key}};
    CHECK(says(complaint(how),
               other.key + " (it is not the key of the first certificate in " + good.certificate));

    const std::string locked = folder.file("locked.key");
    pem_folder::write(locked, [&](FILE* f) {
        char word[] = "secret";
        PEM_write_PKCS8PrivateKey(f, one.key.get(), EVP_aes_128_cbc(), word, 6, nullptr, nullptr);
    });
    how.certificates = {{good.certificate, locked}};
    CHECK(says(complaint(how), locked + " (it wants a passphrase"));

    const std::string damaged = folder.file("damaged.pem");
    pem_folder::write(damaged, [&](FILE* f) {
        PEM_write_X509(f, one.certificate.get());
        std::fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
    });
    how.certificates = {{damaged, good.key}};
    CHECK(says(complaint(how), damaged + " (certificate 2 in it is damaged)"));

    how.certificates = {good};
    how.client = tls::client_check::required;
    CHECK(says(complaint(how), "give client_ca"));
    how.client_ca = good.key;
    CHECK(says(complaint(how), good.key));
    how.client = tls::client_check::off;
    how.handshake = seconds{0};
    CHECK(says(complaint(how), "must be given a second"));
    how.handshake = seconds{10};
    CHECK(complaint(how).empty());
}

TEST_CASE("what can be used but is not right is a warning")
{
    const pem_folder folder;
    tls::options how;
    how.certificates.push_back(
        folder.put("old", make_identity({.name = "old", .from = -7200, .until = -3600})));
    how.certificates.push_back(
        folder.put("early", make_identity({.name = "early", .from = 3600, .until = 7200})));
    how.certificates.push_back(folder.put("fine", make_identity({"fine"})));
    std::filesystem::permissions(how.certificates[2].key, std::filesystem::perms{0644});
    const auto made = tls::context::load(how);
    REQUIRE(made);
    const auto& warnings = (*made)->warnings();
    REQUIRE(warnings.size() == 3);
    CHECK(says(warnings[0], "old.pem has expired"));
    CHECK(says(warnings[1], "early.pem is not valid yet"));
    CHECK(says(warnings[2], "fine.key can be read by everybody"));
}

TEST_CASE("a reload that fails leaves everything as it was")
{
    const pem_folder folder;
    const tls::options how = one_certificate(folder);
    const auto made = tls::context::load(how);
    REQUIRE(made);
    std::filesystem::remove(how.certificates[0].key);
    CHECK(!(*made)->reload());
    CHECK((*made)->begin(-1, tls::context::protocols::http1) != nullptr);
}
