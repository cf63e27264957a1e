#include <cohort/http/auth/jws.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/http/auth/jwks.hpp>
#include <cohort/http/auth/jwt_keys.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using crypto::from_base64url;
using crypto::to_base64url;
using outcome = public_keys::outcome;

namespace {

const std::string claims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

const std::string journey =
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
    "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
    "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

outcome by(const std::string& jwk, const std::string& token, jwks_options more = {})
{
    const auto keys = read_jwks(R"({"keys":[)" + jwk + "]}", more);
    REQUIRE_MESSAGE(keys, (keys ? "" : keys.error().text()));
    const auto parts = read_jws(token);
    REQUIRE(parts);
    return keys->verify(*parts);
}

outcome by_secret(const std::string& k, const std::string& token, std::string id = {})
{
    auto key = shared_key::of(crypto::secret{*from_base64url(k)}, std::move(id));
    REQUIRE(key);
    const auto parts = read_jws(token);
    REQUIRE(parts);
    return shared_keys::of(std::move(*key))->verify(*parts);
}

/// The same with another signature of the same length.
std::string spoilt(std::string token)
{
    token[token.rfind('.') + 5] = token[token.rfind('.') + 5] == 'A' ? 'B' : 'A';
    return token;
}

std::string with_header(std::string_view header) { return to_base64url(header) + ".e30.AAAA"; }

}  // namespace

TEST_CASE("the HS256 signatures of RFC 7515, A.1, and RFC 7520, 4.4, verify")
{
    const std::string a1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims +
                           ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const std::string key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUu"
        "TwjAzZr1Z9CAow";
    CHECK(by_secret(key, a1) == outcome::verified);
    CHECK(by_secret(key, spoilt(a1)) == outcome::wrong);

    const std::string cookbook =
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9." +
        journey + ".s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
    const std::string cookbook_key = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";
    CHECK(by_secret(cookbook_key, cookbook, "018c0ae5-4d9b-471b-bfd6-eef314bc7037") ==
          outcome::verified);
    CHECK(by_secret(cookbook_key, cookbook, "another") == outcome::no_key);
}

TEST_CASE("the RS256 signatures of RFC 7515, A.2, and RFC 7520, 4.1, verify")
{
    const std::string n =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
        "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
        "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
        "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const std::string a2 =
        "eyJhbGciOiJSUzI1NiJ9." + claims +
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
        "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
        "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
        "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const std::string key = R"({"kty":"RSA","alg":"RS256","e":"AQAB","n":")" + n + R"("})";
    CHECK(by(key, a2) == outcome::verified);
    CHECK(by(key, spoilt(a2)) == outcome::wrong);
    const std::string pss = R"({"kty":"RSA","alg":"PS256","e":"AQAB","n":")" + n + R"("})";
    CHECK(by(pss, a2) == outcome::no_key);

    const std::string bilbo =
        R"({"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","e":"AQAB","n":")"
        "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_"
        "AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpP"
        "e7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg"
        "_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
        R"("})";
    const std::string cookbook =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + journey +
        ".MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83"
        "xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJ"
        "Dt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12"
        "podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
    const jwks_options rs256{.rsa_without_algorithm = crypto::signature_algorithm::rs256};
    CHECK(by(bilbo, cookbook, rs256) == outcome::verified);
    CHECK(by(bilbo, spoilt(cookbook), rs256) == outcome::wrong);
}

TEST_CASE("the ES256 signature of RFC 7515, A.3, verifies")
{
    const std::string key = R"({"kty":"EC","crv":"P-256",)"
                            R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                            R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
    const std::string a3 =
        "eyJhbGciOiJFUzI1NiJ9." + claims +
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
        "UJqPP3-Kg6NU1Q";
    CHECK(by(key, a3) == outcome::verified);
    CHECK(by(key, spoilt(a3)) == outcome::wrong);
}

TEST_CASE("the EdDSA signature of RFC 8037, A.4, verifies, and is the one we make")
{
    const std::string key =
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    const std::string a4 =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
        "sVvpAr_MuM0KAg";
    CHECK(by(key, a4) == outcome::verified);
    CHECK(by(key, spoilt(a4)) == outcome::wrong);
    CHECK(read_jws(a4)->payload == "Example of Ed25519 signing");

    const std::string pkcs8 = "\x30\x2e\x02\x01" + std::string(1, '\0') +
                              "\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20" +
                              *from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    const auto ours =
        crypto::signing_key::from_pem("-----BEGIN PRIVATE KEY-----\n" + crypto::to_base64(pkcs8) +
                                          "\n-----END PRIVATE KEY-----\n",
                                      crypto::signature_algorithm::eddsa);
    REQUIRE(ours);
    const std::string text = jws_signed_text({{"alg", "EdDSA"}}, "Example of Ed25519 signing");
    CHECK(text + "." + to_base64url(ours->sign(text)) == a4);
}

TEST_CASE("what is no compact JWS is refused")
{
    CHECK(read_jws("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"));
    for (const auto* token :
         {"", ".", "..", "...", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.e30",
          "eyJhbGciOiJIUzI1NiJ9.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA",
          "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA.AAAA", "eyJhbGciOiJIUzI1NiJ9.e30.AAA=",
          "eyJhbGciOiJIUzI1NiJ9.e30.AAB", "eyJhbGciOiJIUzI1NiJ9.e31.AAAA",
          "eyJhbGciOiJIUzI1NiJ9.e3 0.AAAA", " eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
          "eyJhbGciOiJIUzI1NiJ9.e30.AA+A", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA\n"})
        CHECK(read_jws(token).error() == token_mistake::malformed);
}

TEST_CASE("headers that are no object, or say something twice or in another form, are refused")
{
    for (const auto* header : {"", "{}", "[]", "null", R"({"alg":1})", R"({"alg":""})",
                               R"({"alg":["HS256"]})", R"({"alg":"none","alg":"HS256"})",
                               R"({"alg":"HS256","kid":17})", R"({"alg":"HS256","typ":null})",
                               R"({"alg":"HS256"} )"
                               "x",
                               "{\"alg\":\"\xff\"}"})
        CHECK(read_jws(with_header(header)).error() == token_mistake::malformed);
    const std::string long_id(257, 'x');
    CHECK_FALSE(read_jws(with_header(R"({"alg":"HS256","kid":")" + long_id + R"("})")));
}

TEST_CASE("headers that say where keys are, or what must be understood, are refused")
{
    for (const auto* member : {"crit", "jku", "jwk", "x5u", "x5c", "zip", "b64"})
        CHECK(read_jws(with_header(std::string{R"({"alg":"HS256",")"} + member + R"(":null})"))
                  .error() == token_mistake::header);
    CHECK(read_jws(with_header(R"({"alg":"HS256","x5t":"abc","cty":"x"})")));
}

TEST_CASE("8 KiB are read, one byte more is not looked at")
{
    const std::string head = to_base64url(R"({"alg":"HS256"})") + ".";
    const std::size_t rest = token_bytes_max - head.size() - 1;
    const std::size_t payload = rest / 8 * 4;  // both parts of lengths that base64url can have
    const std::string token =
        head + std::string(payload, 'A') + "." + std::string((rest - payload) / 4 * 4, 'A');
    CHECK(token.size() > token_bytes_max - 4);
    CHECK(read_jws(token));
    CHECK(read_jws(std::string(token_bytes_max + 1, '.')).error() == token_mistake::too_long);
    CHECK(read_jws(std::string(token_bytes_max, '.')).error() == token_mistake::malformed);
}
