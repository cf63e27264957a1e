#include <cohort/http/tls/context.hpp>

#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/observe/log.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
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
        folder.put("early", make_identity({.name = "early", .from = 3600, .until = 7200})));
    how.certificates.push_back(folder.put("fine", make_identity({"fine"})));
    std::filesystem::permissions(how.certificates[1].key, std::filesystem::perms{0644});
    const auto made = tls::context::load(how);
    REQUIRE(made);
    const auto& warnings = (*made)->warnings();
    REQUIRE(warnings.size() == 2);
    CHECK(says(warnings[0], "early.pem is not valid yet"));
    CHECK(says(warnings[1], "fine.key can be read by everybody"));
}

TEST_CASE("certificates that end soon or have ended are logged, one line each")
{
    constexpr long day = 24L * 60 * 60;
    const pem_folder folder;
    tls::options how;
    how.certificates.push_back(
        folder.put("old", make_identity({.name = "old", .from = -7200, .until = -3600})));
    how.certificates.push_back(
        folder.put("short", make_identity({.name = "short", .until = 10 * day + 60})));
    how.certificates.push_back(
        folder.put("long", make_identity({.name = "long", .until = 90 * day})));
    const auto made = tls::context::load(how);
    REQUIRE(made);
    const auto& lives = (*made)->certificates();
    REQUIRE(lives.size() == 3);
    const std::int64_t now = machine_clock()();
    CHECK(lives[0].file == how.certificates[0].certificate);
    CHECK(std::abs(lives[0].not_after - (now - 3600)) < 60);
    CHECK(std::abs(lives[2].not_after - (now + 90 * day)) < 60);

    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    const unique_fd read_end{ends[0]};
    const unique_fd write_end{ends[1]};
    log::configure({.descriptor = write_end.borrow()});
    (*made)->tell_of_ends(now);
    (*made)->tell_of_ends(now + 60);
    log::configure({});
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(read_end.borrow(), bytes.data(), bytes.size());
    REQUIRE(got > 0);
    const std::string text{bytes.data(), static_cast<std::size_t>(got)};
    CHECK(std::ranges::count(text, '\n') == 2);
    const auto second = text.find('\n') + 1;
    CHECK(says(text.substr(0, second), "\"level\":\"error\""));
    CHECK(says(text.substr(0, second), "old.pem has expired: clients refuse it"));
    CHECK(says(text.substr(second), "\"level\":\"warn\""));
    CHECK(says(text.substr(second), "short.pem expires in 10 days"));
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
