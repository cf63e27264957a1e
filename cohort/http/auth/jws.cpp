#include <cohort/http/auth/jws.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/http/json.hpp>

#include <boost/json/serialize.hpp>

#include <optional>
#include <utility>

namespace cohort::http {

namespace {

namespace bj = boost::json;

constexpr std::size_t word_bytes_max = 256;

/// Members that would let the token choose its key, its format or its rules.
constexpr std::string_view refused_members[] = {"crit", "jku", "jwk", "x5u", "x5c", "zip", "b64"};

/// A member that is a text, or absent. False if it is something else.
bool take_text(const bj::object& from, std::string_view name, std::string& into)
{
    const bj::value* member = from.if_contains(name);
    if (member == nullptr)
        return true;
    const bj::string* text = member->if_string();
    if (text == nullptr || text->size() > word_bytes_max)
        return false;
    into.assign(text->data(), text->size());
    return true;
}

std::optional<token_mistake> read_header(std::string_view encoded, jws& into)
{
    const auto bytes = crypto::from_base64url(encoded);
    if (!bytes)
        return token_mistake::malformed;
    const auto document = parse_json(*bytes);
    const bj::object* header = document ? document->if_object() : nullptr;
    if (header == nullptr)
        return token_mistake::malformed;
    for (const auto name : refused_members) {
        if (header->contains(name))
            return token_mistake::header;
    }
    const bool texts = take_text(*header, "alg", into.algorithm) &&
                       take_text(*header, "kid", into.key_id) &&
                       take_text(*header, "typ", into.type);
    if (!texts || into.algorithm.empty())
        return token_mistake::malformed;
    return std::nullopt;
}

}  // namespace

std::string_view words(token_mistake of) noexcept
{
    switch (of) {
        case token_mistake::too_long:
            return "the token is too long";
        case token_mistake::malformed:
            return "the token is malformed";
        case token_mistake::header:
            return "the token's header has members that are not taken";
        case token_mistake::algorithm:
            return "no key for this algorithm and key id";
        case token_mistake::signature:
            return "the signature is wrong";
        case token_mistake::claims:
            return "a claim is missing or malformed";
        case token_mistake::type:
            return "the token is of another type";
        case token_mistake::expired:
            return "the token has expired";
        case token_mistake::not_yet:
            return "the token is not valid yet";
        case token_mistake::issuer:
            return "the token is by another issuer";
        case token_mistake::audience:
            return "the token is for another audience";
    }
    std::unreachable();
}

std::expected<jws, token_mistake> read_jws(std::string_view token)
{
    if (token.size() > token_bytes_max)
        return std::unexpected(token_mistake::too_long);
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return std::unexpected(token_mistake::malformed);

    jws out;
    if (const auto mistake = read_header(token.substr(0, first), out))
        return std::unexpected(*mistake);
    out.signed_text = token.substr(0, second);
    auto payload = crypto::from_base64url(token.substr(first + 1, second - first - 1));
    auto signature = crypto::from_base64url(token.substr(second + 1));
    if (!payload || !signature || signature->empty())
        return std::unexpected(token_mistake::malformed);
    out.payload = std::move(*payload);
    out.signature = std::move(*signature);
    return out;
}

std::string jws_signed_text(const boost::json::object& header, std::string_view payload)
{
    return crypto::to_base64url(bj::serialize(header)) + "." + crypto::to_base64url(payload);
}

}  // namespace cohort::http
