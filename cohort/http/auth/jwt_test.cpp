#include <cohort/http/auth/jwt.hpp>

#include <cohort/base/error.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha256.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <type_traits>

using namespace cohort;
using namespace cohort::http;
using crypto::signature_algorithm;
using crypto::signing_key;
using crypto::to_base64url;
using mistake = token_mistake;

namespace {

std::int64_t now = 1'700'000'000;

jwt_rules rules()
{
    return {.issuer = "https://id.example", .audience = "payments", .now = [] { return now; }};
}

jwt_terms terms()
{
    return {.issuer = "https://id.example",
            .audience = "payments",
            .lifetime = std::chrono::seconds{900},
            .now = [] { return now; }};
}

const signing_key& own()
{
    static const signing_key key = signing_key::random(signature_algorithm::es256);
    return key;
}

public_keys one(const crypto::verifying_key& key, std::string id = "k1")
{
    return *public_keys::of({{std::move(id), key}});
}

jwt_verifier verifier(jwt_rules by = rules()) { return {one(own().verifier()), std::move(by)}; }

/// A token by our key with any header and payload.
std::string token_of(std::string_view header, std::string_view payload)
{
    const std::string text = to_base64url(header) + "." + to_base64url(payload);
    return text + "." + to_base64url(own().sign(text));
}

const std::string plain_header = R"({"alg":"ES256","typ":"JWT","kid":"k1"})";

mistake why(std::string_view payload, jwt_rules by = rules())
{
    const auto claims = verifier(std::move(by)).verify(token_of(plain_header, payload));
    REQUIRE_FALSE(claims);
    return claims.error();
}

bool holds(std::string_view payload, jwt_rules by = rules())
{
    return verifier(std::move(by)).verify(token_of(plain_header, payload)).has_value();
}

std::string dated(std::int64_t exp, std::string_view more = "")
{
    return fmt::format(R"({{"iss":"https://id.example","aud":"payments","exp":{}{}}})", exp, more);
}

}  // namespace

TEST_CASE("a token that we issue is taken, with its claims, for every algorithm")
{
    for (const auto algorithm : {signature_algorithm::rs256, signature_algorithm::ps256,
                                 signature_algorithm::es256, signature_algorithm::eddsa})
    {
        const auto key = signing_key::random(algorithm);
        const jwt_signer signer{key, "k1", terms()};
        const std::string token = signer.sign("ada", {{"roles", {"clerk"}}, {"iss", "evil"}});
        const auto claims = jwt_verifier{one(key.verifier()), rules()}.verify(token);
        REQUIRE(claims);
        CHECK((*claims)->subject == "ada");
        CHECK((*claims)->expires == now + 900);
        CHECK((*claims)->all.at("iss") == "https://id.example");
        CHECK((*claims)->all.at("roles").as_array().at(0) == "clerk");

        const auto stranger = signing_key::random(algorithm);
        CHECK(jwt_verifier{one(stranger.verifier()), rules()}.verify(token).error() ==
              mistake::signature);
    }
    auto shared = *shared_key::of(crypto::secret::random(), "s1");
    const std::string token = jwt_signer{shared.copy(), terms()}.sign("ada");
    CHECK((*jwt_verifier{*shared_keys::of(shared.copy()), rules()}.verify(token))->subject ==
          "ada");
    auto other = *shared_key::of(crypto::secret::random(), "s1");
    CHECK(jwt_verifier{*shared_keys::of(std::move(other)), rules()}.verify(token).error() ==
          mistake::signature);
}

TEST_CASE("a token with any letter changed or gone is refused")
{
    const auto with = verifier();
    const std::string token = jwt_signer{own(), "k1", terms()}.sign("ada");
    REQUIRE(with.verify(token));
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string other = token;
        other[i] = token[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(with.verify(other));
        other[i] = '=';
        CHECK_FALSE(with.verify(other));
        CHECK_FALSE(with.verify(token.substr(0, i)));
    }
}

TEST_CASE("the algorithm is the key's, whatever the token says")
{
    const std::string payload = dated(now + 60);
    const auto with = verifier();
    for (const auto* algorithm :
         {"none", "None", "NONE", "nOnE", "HS256", "RS256", "ES384", "es256", "EdDSA", "PS256", ""})
    {
        const std::string header =
            R"({"alg":")" + std::string{algorithm} + R"(","typ":"JWT","kid":"k1"})";
        CHECK_FALSE(with.verify(token_of(header, payload)));
        const std::string text = to_base64url(header) + "." + to_base64url(payload);
        CHECK_FALSE(with.verify(text + "."));
        CHECK_FALSE(with.verify(text + ".AA"));
    }
}

TEST_CASE("a public key is no shared secret: a token signed with it is refused")
{
    // What an attacker has: the public key in every form in which a program could have kept it.
    const std::string pem = "-----BEGIN PUBLIC KEY-----\n"
                            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                            "-----END PUBLIC KEY-----\n";
    const auto key = *crypto::verifying_key::from_pem(pem, signature_algorithm::eddsa);
    const jwt_verifier with{one(key), rules()};
    const std::string raw = *crypto::from_base64("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
    for (const std::string& secret : {pem, raw, pem.substr(0, pem.size() - 1)}) {
        const std::string text = to_base64url(R"({"alg":"HS256","typ":"JWT","kid":"k1"})") + "." +
                                 to_base64url(dated(now + 60));
        const auto code = crypto::hmac_sha256(secret, text);
        CHECK(with.verify(text + "." + to_base64url(code.view())).error() == mistake::algorithm);
    }
    static_assert(!std::is_constructible_v<shared_keys, public_keys>);
    static_assert(!std::is_constructible_v<public_keys, shared_keys>);
    static_assert(!std::is_convertible_v<crypto::verifying_key, shared_key>);
}

TEST_CASE("kid picks among our keys and does nothing else")
{
    const auto other = signing_key::random(signature_algorithm::es256);
    const jwt_verifier with{*public_keys::of({{"k1", own().verifier()}, {"k2", other.verifier()}}),
                            rules()};
    const std::string payload = dated(now + 60);
    const auto answer = [&](std::string_view kid) {
        return with.verify(token_of(
            R"({"alg":"ES256","typ":"JWT","kid":")" + std::string{kid} + R"("})", payload));
    };
    CHECK(answer("k1"));
    CHECK(answer("k2").error() == mistake::signature);
    for (const auto* kid : {"k3", "K1", "../../dev/null", "k1' OR '1'='1", "http://evil/k1"})
        CHECK(answer(kid).error() == mistake::algorithm);
    CHECK(with.verify(token_of(R"({"alg":"ES256","typ":"JWT"})", payload)));
    const jwt_verifier unnamed{one(own().verifier(), ""), rules()};
    CHECK(unnamed.verify(token_of(plain_header, payload)));
}

TEST_CASE("the type is the one that is wanted, in any of its forms")
{
    const std::string payload = dated(now + 60);
    const auto typed = [&](std::string_view type, jwt_rules by) {
        const std::string header = R"({"alg":"ES256","typ":")" + std::string{type} + R"("})";
        return verifier(std::move(by)).verify(token_of(header, payload)).has_value();
    };
    for (const auto* type : {"JWT", "jwt", "application/JWT", "Application/jwt"})
        CHECK(typed(type, rules()));
    for (const auto* type : {"at+jwt", "", "application/", "application/x/JWT", "JWT "})
        CHECK_FALSE(typed(type, rules()));
    auto access = rules();
    access.type = "at+jwt";
    CHECK(typed("application/at+jwt", access));
    CHECK_FALSE(typed("JWT", access));

    const std::string untyped = token_of(R"({"alg":"ES256"})", payload);
    CHECK(verifier().verify(untyped).error() == mistake::type);
    auto loose = rules();
    loose.also_without_type = true;
    CHECK(verifier(loose).verify(untyped));
    CHECK_FALSE(typed("at+jwt", loose));
}

TEST_CASE("a token holds until its last second, and half a minute for clocks that differ")
{
    CHECK(holds(dated(now + 1)));
    CHECK(holds(dated(now - 29)));
    CHECK(why(dated(now - 30)) == mistake::expired);
    auto exact = rules();
    exact.leeway = std::chrono::seconds{0};
    CHECK(holds(dated(now + 1), exact));
    CHECK(why(dated(now), exact) == mistake::expired);
}

TEST_CASE("a token without exp, or with one that is no date, is refused")
{
    CHECK(why(R"({"iss":"https://id.example","aud":"payments"})") == mistake::claims);
    for (const auto* exp : {"null", "\"1700000060\"", "true", "-1", "1e300", "[1700000060]",
                            "253402300800", "18446744073709551615", "-0.5"})
        CHECK(why(R"({"iss":"https://id.example","aud":"payments","exp":)" + std::string{exp} +
                  "}") == mistake::claims);
    CHECK(holds(R"({"iss":"https://id.example","aud":"payments","exp":1700000060.75})"));
    CHECK(holds(R"({"iss":"https://id.example","aud":"payments","exp":1.70000006e9})"));
}

TEST_CASE("a token from the future is refused, by nbf and by iat")
{
    for (const std::string claim : {"nbf", "iat"}) {
        CHECK(holds(dated(now + 600, ",\"" + claim + "\":" + std::to_string(now + 30))));
        CHECK(why(dated(now + 600, ",\"" + claim + "\":" + std::to_string(now + 31))) ==
              mistake::not_yet);
        CHECK(why(dated(now + 600, ",\"" + claim + "\":\"soon\"")) == mistake::claims);
    }
}

TEST_CASE("issuer and audience are those that were named")
{
    const auto payload = [](std::string_view iss, std::string_view aud) {
        return R"({"exp":1700000060,"iss":)" + std::string{iss} + R"(,"aud":)" + std::string{aud} +
               "}";
    };
    const std::string us = R"("https://id.example")";
    CHECK(holds(payload(us, R"("payments")")));
    CHECK(holds(payload(us, R"(["other","payments"])")));
    for (const auto* iss : {R"("https://id.example/")", R"("HTTPS://id.example")", "null",
                            R"(["https://id.example"])", R"("")"})
        CHECK(why(payload(iss, R"("payments")")) == mistake::issuer);
    for (const auto* aud : {R"("payment")", "[]", "null", R"(["other"])", "17", R"([["payments"]])",
                            R"({"payments":1})"})
        CHECK(why(payload(us, aud)) == mistake::audience);
    CHECK(why(R"({"exp":1700000060,"aud":"payments"})") == mistake::issuer);
    CHECK(why(R"({"exp":1700000060,"iss":"https://id.example"})") == mistake::audience);

    auto anyone = rules();
    anyone.issuer.clear();
    anyone.any_issuer = true;
    anyone.audience.clear();
    anyone.any_audience = true;
    CHECK(holds(R"({"exp":1700000060})", anyone));
}

TEST_CASE("payloads that are no object, or say something twice, are refused")
{
    for (const auto* payload : {"", "null", "[]", "17", R"({"exp":1700000060)",
                                R"({"exp":1,"exp":1700000060})", R"({"exp":1700000060}x)"})
        CHECK(why(payload) == mistake::malformed);
    CHECK(why(dated(now + 60, R"(,"sub":17)")) == mistake::claims);
}

TEST_CASE("rules that leave something open without saying so are refused at the start")
{
    const auto refused = [](jwt_rules by) {
        CHECK_THROWS_AS((jwt_verifier{one(own().verifier()), std::move(by)}), failure);
    };
    refused({.audience = "x"});
    refused({.issuer = "x"});
    refused({.issuer = "x", .audience = "x", .type = ""});
    refused({.issuer = "x", .audience = "x", .leeway = std::chrono::seconds{61}});
    refused({.issuer = "x", .audience = "x", .leeway = std::chrono::seconds{-1}});
    CHECK_THROWS_AS((jwt_signer{own(), "k1", {.audience = "x"}}), failure);
    CHECK_THROWS_AS((jwt_signer{own(), "k1", {.issuer = "x"}}), failure);
}

TEST_CASE("weak secrets and sets that are ambiguous are refused")
{
    CHECK_FALSE(shared_key::of(crypto::secret{std::string(31, 'x')}));
    CHECK(shared_key::of(crypto::secret{std::string(32, 'x')}));
    CHECK_FALSE(public_keys::of({}));
    CHECK_FALSE(public_keys::of({{"k", own().verifier()}, {"k", own().verifier()}}));
    CHECK_FALSE(public_keys::of(std::vector<public_key>(33, {"", own().verifier()})));
    CHECK_FALSE(shared_keys::of(std::vector<shared_key>{}));
}

TEST_CASE("a token that is remembered is still too early, and too late, when it is")
{
    std::int64_t clock = now;
    jwt_rules by = rules();
    by.now = [&clock] { return clock; };
    const auto with = verifier(by);
    const std::string token =
        token_of(plain_header, dated(now + 60, fmt::format(",\"nbf\":{}", now)));
    const auto first = with.verify(token);
    REQUIRE(first);
    CHECK(*with.verify(token) == *first);  // the same object: it was not read again
    clock = now + 60 + by.leeway.count() - 1;
    CHECK(with.verify(token));
    clock = now + 60 + by.leeway.count();
    CHECK(with.verify(token).error() == mistake::expired);
    clock = now - by.leeway.count() - 1;
    CHECK(with.verify(token).error() == mistake::not_yet);
    clock = now;
    CHECK(with.verify(token));
}

TEST_CASE("a verifier that remembers nothing reads every token again")
{
    jwt_rules by = rules();
    by.remembered = 0;
    const auto with = verifier(by);
    const std::string token = token_of(plain_header, dated(now + 60));
    const auto first = with.verify(token);
    const auto second = with.verify(token);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*first != *second);
}

TEST_CASE("a token in all but its signature is none that was verified")
{
    const auto with = verifier();
    const std::string token = token_of(plain_header, dated(now + 60));
    REQUIRE(with.verify(token));
    std::string forged = token;
    forged.replace(forged.rfind('.') + 1, forged.npos, to_base64url(std::string(64, 'x')));
    CHECK(with.verify(forged).error() == mistake::signature);
    CHECK(with.verify(token));
}
