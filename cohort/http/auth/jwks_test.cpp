#include <cohort/http/auth/jwks.hpp>
#include <cohort/http/auth/jwks_file.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace cohort;
using namespace cohort::http;
using crypto::signature_algorithm;

namespace {

const std::string p256 = R"("kty":"EC","crv":"P-256",)"
                         R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                         R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
const std::string ed25519 =
    R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
const std::string modulus(342, '_');  // 2048 bits of ones, and what base64url adds
const std::string rsa = R"("kty":"RSA","e":"AQAB","n":")" + modulus.substr(0, 341) + R"(w")";

std::string set(std::string_view keys) { return R"({"keys":[)" + std::string{keys} + "]}"; }

std::string key(const std::string& members, const std::string& more = "")
{
    return "{" + members + more + "}";
}

std::size_t count(std::string_view text, jwks_options more = {})
{
    const auto keys = read_jwks(text, more);
    return keys ? keys->all().size() : 0;
}

/// A file whose set has one key of that id.
struct scene {
    scene() { write("one"); }
    ~scene() { std::filesystem::remove(path); }

    void write(const std::string& id) { replace(set(key(ed25519, R"(,"kid":")" + id + R"(")"))); }

    /// As those do it who know how: another file, renamed.
    void replace(const std::string& text) const
    {
        std::ofstream{path + ".new"} << text;
        std::filesystem::rename(path + ".new", path);
    }

    [[nodiscard]] std::shared_ptr<jwks_file> open()
    {
        return *jwks_file::open(path, {}, [this] { return when; });
    }

    std::string path =
        std::filesystem::temp_directory_path() / ("jwks_test." + std::to_string(::getpid()));
    steady_time when{};
};

std::string id_in(jwks_file& file) { return file.current()->all().front().id; }

}  // namespace

TEST_CASE("keys of every kind are read, each with its algorithm")
{
    const auto keys =
        read_jwks(set(key(p256, R"(,"kid":"a")") + "," + key(ed25519, R"(,"kid":"b")") + "," +
                      key(rsa, R"(,"kid":"c","alg":"RS256")") + "," +
                      key(rsa, R"(,"kid":"d","alg":"PS256","use":"sig")")));
    REQUIRE_MESSAGE(keys, (keys ? "" : keys.error().text()));
    REQUIRE(keys->all().size() == 4);
    CHECK(keys->all()[0].key.algorithm() == signature_algorithm::es256);
    CHECK(keys->all()[1].key.algorithm() == signature_algorithm::eddsa);
    CHECK(keys->all()[2].key.algorithm() == signature_algorithm::rs256);
    CHECK(keys->all()[3].key.algorithm() == signature_algorithm::ps256);
    CHECK(keys->all()[3].id == "d");
}

TEST_CASE("an RSA key names its algorithm, or whoever reads it does")
{
    CHECK(count(set(key(rsa))) == 0);
    CHECK(count(set(key(rsa)), {.rsa_without_algorithm = signature_algorithm::ps256}) == 1);
    CHECK(count(set(key(rsa, R"(,"alg":"RS512")")),
                {.rsa_without_algorithm = signature_algorithm::ps256}) == 0);
}

TEST_CASE("keys for other purposes and of other kinds are passed over")
{
    const std::string others = R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA","kid":"1"},)"
                               R"({"kty":"new"},{"kid":"nothing"},)" +
                               key(p256, R"(,"use":"enc","kid":"2")") + "," +
                               key(p256, R"(,"key_ops":["sign"],"kid":"3")") + "," +
                               key(p256, R"(,"alg":"ECDH-ES","kid":"4")");
    CHECK(count(set(others + "," + key(p256, R"(,"key_ops":["verify"],"kid":"5")"))) == 1);
    CHECK(count(set(others)) == 0);
}

TEST_CASE("a set with something secret in it is refused as a whole")
{
    const std::string good = key(p256, R"(,"kid":"a")");
    CHECK(count(set(good)) == 1);
    for (const auto* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
        CHECK(count(set(good + "," +
                        key(ed25519, std::string{R"(,"kid":"b",")"} + member + R"(":"AA")"))) == 0);
    CHECK(count(set(good + R"(,{"kty":"oct","kid":"s","k":"AAAA"})")) == 0);
}

TEST_CASE("sets that are malformed or ambiguous are refused")
{
    for (const std::string& text :
         {std::string{}, std::string{"{}"}, std::string{"[]"}, std::string{R"({"keys":{}})"},
          set(""), set("17"), set(key(p256)) + "x", R"({"keys":[],"keys":[)" + key(p256) + "]}",
          set(key(p256 + R"(,"kty":"EC")")), set(key(p256) + "," + key(ed25519)),
          set(key(p256, R"(,"kid":"a")") + "," + key(p256, R"(,"kid":"a")")),
          set(key(p256, R"(,"kid":17)")), set(key(p256, R"(,"use":1)")),
          set(key(p256, R"(,"key_ops":"verify")"))})
        CHECK(count(text) == 0);
    CHECK(count(set(key(p256)) + std::string(jwks_bytes_max, ' ')) == 0);
}

TEST_CASE("numbers that are not canonical, of the wrong length or no point are refused")
{
    const auto ec = [](const std::string& x, const std::string& y) {
        return set(R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + y + R"("})");
    };
    const std::string x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const std::string y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    CHECK(count(ec(x, y)) == 1);
    CHECK(count(ec(x + "=", y)) == 0);
    CHECK(count(ec(x.substr(0, 42) + "V", y)) == 0);
    CHECK(count(ec(y, x)) == 0);
    CHECK(count(ec("AA" + x, y)) == 0);
    CHECK(count(ec("", y)) == 0);
    CHECK(count(set(R"({"kty":"RSA","alg":"RS256","n":"AAAA","e":"AQAB"})")) == 0);
    CHECK(count(set(R"({"kty":"RSA","alg":"RS256","n":")" + modulus.substr(0, 341) +
                    R"(w","e":"AAEAAQ"})")) == 0);
    CHECK(count(set(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})")) == 0);
}

TEST_CASE("a file that is replaced is read again, a second later at most")
{
    scene here;
    const auto file = here.open();
    CHECK(id_in(*file) == "one");
    here.write("two");
    CHECK(id_in(*file) == "one");
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "two");
    CHECK(file->reloads() == 1);
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "two");
    CHECK(file->reloads() == 1);
}

TEST_CASE("a file that is broken or gone leaves the keys there were, until it is good again")
{
    scene here;
    const auto file = here.open();
    here.replace("{");
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "one");
    CHECK(file->refusals() == 1);
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "one");
    CHECK(file->refusals() == 1);  // said once
    std::filesystem::remove(here.path);
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "one");
    here.write("three");
    here.when += std::chrono::seconds{1};
    CHECK(id_in(*file) == "three");
}

TEST_CASE("a file that is not there, or holds no keys, cannot be opened")
{
    scene here;
    CHECK_FALSE(jwks_file::open(here.path + ".none"));
    here.replace(set(""));
    CHECK_FALSE(jwks_file::open(here.path));
}
