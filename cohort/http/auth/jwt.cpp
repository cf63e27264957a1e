#include <cohort/http/auth/jwt.hpp>

#include <cohort/base/error.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/http/auth/jwks_file.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/json.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace cohort::http {

namespace {

namespace bj = boost::json;
using outcome = public_keys::outcome;

void require(bool holds, literal doing, const char* why)
{
    if (!holds)
        throw failure{fault(make_error_code(errc::bad_value), doing, why)};
}

jwt_rules checked(jwt_rules rules)
{
    require(rules.any_issuer || !rules.issuer.empty(), "verify tokens", "whose? name the issuer");
    require(rules.any_audience || !rules.audience.empty(), "verify tokens",
            "for whom? name the audience");
    require(!rules.type.empty(), "verify tokens", "of which type?");
    require(rules.leeway.count() >= 0 && rules.leeway.count() <= 60, "verify tokens",
            "leeway is 0 to 60 seconds");
    return rules;
}

jwt_terms checked(jwt_terms terms)
{
    require(!terms.issuer.empty() && !terms.audience.empty() && !terms.type.empty(), "issue tokens",
            "by whom, for whom and for which use?");
    require(terms.lifetime.count() > 0, "issue tokens", "they must live for a while");
    return terms;
}

/// RFC 7515, 4.1.9: "application/" may be left out where no other slash follows.
std::string_view bare_type(std::string_view text)
{
    constexpr std::string_view prefix = "application/";
    const bool long_form = text.size() > prefix.size() &&
                           equal_ignoring_case(text.substr(0, prefix.size()), prefix) &&
                           !text.substr(prefix.size()).contains('/');
    return long_form ? text.substr(prefix.size()) : text;
}

bool is_type(std::string_view said, std::string_view wanted)
{
    return equal_ignoring_case(bare_type(said), bare_type(wanted));
}

/// A NumericDate, rounded down. Nothing for what is no date of these centuries.
std::optional<std::int64_t> date_of(const bj::value& from)
{
    constexpr std::int64_t last = 253'402'300'799;  // the end of 9999
    std::int64_t seconds = -1;
    if (const auto* whole = from.if_int64())
        seconds = *whole;
    else if (const auto* fraction = from.if_double();
             fraction != nullptr && *fraction >= 0 && *fraction <= static_cast<double>(last))
        seconds = static_cast<std::int64_t>(std::floor(*fraction));
    if (seconds < 0 || seconds > last)
        return std::nullopt;
    return seconds;
}

/// A date that may be absent; false if it is there and none.
bool take_date(const bj::object& from, std::string_view name, std::optional<std::int64_t>& into)
{
    const bj::value* member = from.if_contains(name);
    if (member == nullptr)
        return true;
    into = date_of(*member);
    return into.has_value();
}

std::optional<token_mistake> judge_dates(const bj::object& claims, const jwt_rules& rules,
                                         jwt_claims& into)
{
    std::optional<std::int64_t> end;
    std::optional<std::int64_t> begin;
    std::optional<std::int64_t> issued;
    if (!take_date(claims, "exp", end) || !take_date(claims, "nbf", begin) ||
        !take_date(claims, "iat", issued) || !end)
        return token_mistake::claims;
    const std::int64_t now = rules.now();
    const std::int64_t leeway = rules.leeway.count();
    if (now >= *end + leeway)
        return token_mistake::expired;
    if ((begin && now + leeway < *begin) || (issued && now + leeway < *issued))
        return token_mistake::not_yet;
    into.expires = *end;
    into.valid_from = std::max(begin.value_or(0), issued.value_or(0));
    return std::nullopt;
}

bool is_text(const bj::value* member, std::string_view wanted)
{
    const bj::string* text = member != nullptr ? member->if_string() : nullptr;
    return text != nullptr && std::string_view{text->data(), text->size()} == wanted;
}

bool is_for(const bj::value* audience, std::string_view wanted)
{
    const bj::array* several = audience != nullptr ? audience->if_array() : nullptr;
    if (several == nullptr)
        return is_text(audience, wanted);
    return std::ranges::any_of(*several,
                               [wanted](const bj::value& one) { return is_text(&one, wanted); });
}

std::expected<jwt_claims, token_mistake> judge(bj::object claims, const jwt_rules& rules)
{
    jwt_claims out{.subject = {}, .expires = 0, .all = {}};
    if (const auto mistake = judge_dates(claims, rules, out))
        return std::unexpected(*mistake);
    if (!rules.any_issuer && !is_text(claims.if_contains("iss"), rules.issuer))
        return std::unexpected(token_mistake::issuer);
    if (!rules.any_audience && !is_for(claims.if_contains("aud"), rules.audience))
        return std::unexpected(token_mistake::audience);
    if (const bj::value* subject = claims.if_contains("sub")) {
        const bj::string* text = subject->if_string();
        if (text == nullptr)
            return std::unexpected(token_mistake::claims);
        out.subject.assign(text->data(), text->size());
    }
    out.all = std::move(claims);
    return out;
}

}  // namespace

jwt_verifier::jwt_verifier(source keys, jwt_rules rules)
    : keys_{std::move(keys)},
      rules_{checked(std::move(rules))},
      known_{std::make_unique<verified_tokens>(rules_.remembered)}
{}

jwt_verifier::jwt_verifier(public_keys keys, jwt_rules rules)
    : jwt_verifier{source{std::move(keys)}, std::move(rules)}
{}

jwt_verifier::jwt_verifier(std::shared_ptr<jwks_file> keys, jwt_rules rules)
    : jwt_verifier{source{std::move(keys)}, std::move(rules)}
{}

jwt_verifier::jwt_verifier(shared_keys keys, jwt_rules rules)
    : jwt_verifier{source{std::move(keys)}, std::move(rules)}
{}

std::expected<jwt_verifier::verified, token_mistake>
jwt_verifier::verify(std::string_view token) const
{
    const auto* file = std::get_if<std::shared_ptr<jwks_file>>(&keys_);
    std::shared_ptr<const public_keys> current = file != nullptr ? (*file)->current() : nullptr;
    if (auto known = known_->find(token, rules_.now(), current.get()))
        return known;

    const auto parts = read_jws(token);
    if (!parts)
        return std::unexpected(parts.error());
    switch (check(*parts, current.get())) {
        case outcome::no_key:
            return std::unexpected(token_mistake::algorithm);
        case outcome::wrong:
            return std::unexpected(token_mistake::signature);
        case outcome::verified:
            break;
    }
    const bool typed =
        parts->type.empty() ? rules_.also_without_type : is_type(parts->type, rules_.type);
    if (!typed)
        return std::unexpected(token_mistake::type);
    auto document = parse_json(parts->payload);
    if (!document || !document->is_object())
        return std::unexpected(token_mistake::malformed);
    auto claims = judge(std::move(document->get_object()), rules_);
    if (!claims)
        return std::unexpected(claims.error());
    auto said = std::make_shared<const jwt_claims>(std::move(*claims));
    const std::int64_t leeway = rules_.leeway.count();
    known_->keep({.text = std::string{token},
                  .claims = said,
                  .valid_from = said->valid_from - leeway,
                  .valid_until = said->expires + leeway,
                  .keys = std::move(current)});
    return said;
}

outcome jwt_verifier::check(const jws& token, const public_keys* current) const
{
    if (current != nullptr)
        return current->verify(token);
    if (const auto* fixed = std::get_if<public_keys>(&keys_))
        return fixed->verify(token);
    return std::get<shared_keys>(keys_).verify(token);
}

jwt_signer::jwt_signer(crypto::signing_key key, std::string key_id, jwt_terms terms)
    : key_{named{std::move(key), std::move(key_id)}}, terms_{checked(std::move(terms))}
{}

jwt_signer::jwt_signer(shared_key key, jwt_terms terms)
    : key_{std::move(key)}, terms_{checked(std::move(terms))}
{}

std::string jwt_signer::sign(std::string_view subject, boost::json::object claims) const
{
    const named* own = std::get_if<named>(&key_);
    bj::object header;
    header["alg"] = own != nullptr ? crypto::name(own->key.algorithm()) : "HS256";
    header["typ"] = terms_.type;
    const std::string& id = own != nullptr ? own->id : std::get<shared_key>(key_).id();
    if (!id.empty())
        header["kid"] = id;

    const std::int64_t now = terms_.now();
    claims["iss"] = terms_.issuer;
    claims["aud"] = terms_.audience;
    claims["sub"] = subject;
    claims["iat"] = now;
    claims["exp"] = now + terms_.lifetime.count();
    const std::string text = jws_signed_text(header, bj::serialize(claims));
    const std::string signature =
        own != nullptr ? own->key.sign(text) : std::get<shared_key>(key_).sign(text);
    return text + "." + crypto::to_base64url(signature);
}

}  // namespace cohort::http
