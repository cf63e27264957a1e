#include <cohort/crypto/password.hpp>

#include <cohort/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::crypto;

namespace {
constexpr password_cost cheap{.log2_n = 10, .p = 1};
}

TEST_CASE("a password is known again, another is not")
{
    const std::string hash = hash_password("correct horse", cheap);
    CHECK(hash.starts_with("$scrypt$ln=10,r=8,p=1$"));
    CHECK(verify_password("correct horse", hash));
    CHECK_FALSE(verify_password("correct horsE", hash));
    CHECK_FALSE(verify_password("", hash));
    CHECK(hash_password("correct horse", cheap) != hash);
    CHECK(verify_password("", hash_password("", cheap)));
}

TEST_CASE("hashes are those that others compute")
{
    // hashlib.scrypt(b"password", salt=bytes(range(16)), n=1024, r=8, p=1, dklen=32)
    CHECK(verify_password("password", "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$"
                                      "OnwHgqTb31Q6zXxSL+hT2bNKu4ryelxll0iM3yKBQLU"));
}

TEST_CASE("hashes that are not whole, or ask for too much work, match nothing")
{
    const std::string hash = hash_password("word", cheap);
    for (std::size_t i = 0; i < hash.size(); ++i)
        CHECK_FALSE(verify_password("word", hash.substr(0, i), cheap));
    CHECK_FALSE(verify_password("word", hash + "=", cheap));
    for (const auto* head :
         {"$scrypt$ln=21,r=8,p=1$", "$scrypt$ln=010,r=8,p=1$", "$scrypt$ln=10,r=9,p=1$",
          "$scrypt$ln=10,r=8,p=17$", "$scrypt$ln=10,r=8,p=0$", "$argon2id$ln=10,r=8,p=1$"})
        CHECK_FALSE(verify_password("word", head + hash.substr(hash.find("p=1$") + 4), cheap));
    CHECK_FALSE(verify_password(std::string(1025, 'x'), hash));
}

TEST_CASE("a password that is too long is refused, and ends nothing")
{
    const std::string longest(password_bytes_max, 'x');
    CHECK(verify_password(longest, hash_password(longest, cheap)));
    try {
        (void)hash_password(longest + "x", cheap);
        FAIL("it was taken");
    } catch (const cohort::failure& caught) {
        CHECK(caught.why().why() == make_error_code(cohort::errc::too_large));
    }
}

TEST_CASE("nobody's password is none, whatever it is")
{
    CHECK_FALSE(verify_password("", ""));
    CHECK_FALSE(verify_password("word", "", cheap));
}

TEST_CASE("a hash of another cost is outdated")
{
    const std::string hash = hash_password("word", cheap);
    CHECK_FALSE(is_outdated(hash, cheap));
    CHECK(is_outdated(hash));
    CHECK(is_outdated("md5"));
}

TEST_CASE("every cost that is allowed has the memory that it needs")
{
    for (const password_cost cost : {password_cost{.log2_n = 10, .p = 16},
                                     password_cost{.log2_n = 14, .p = 1}, password_cost{}})
        CHECK(hash_password("word", cost).size() > 80);
}
