#include <cohort/http/auth/verified_tokens.hpp>

#include <cohort/http/auth/jwt.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// What tells tokens apart is mostly their signature, at the end.
std::string_view hashed_part(std::string_view token) noexcept
{
    constexpr std::size_t enough = 32;
    return token.substr(token.size() - std::min(token.size(), enough));
}

}  // namespace

verified_tokens::verified_tokens(std::size_t count)
    : key_{random_secret()}, sets_((count + ways - 1) / ways)
{}

std::shared_ptr<const jwt_claims> verified_tokens::find(std::string_view token, std::int64_t now,
                                                        const void* keys) const
{
    if (sets_.empty() || token.size() > token_bytes_max)
        return nullptr;
    const std::uint64_t at = keyed_hash(key_, hashed_part(token)) % sets_.size();
    const std::lock_guard held{mutex_};
    for (const verified_token& each : sets_[at]) {
        if (each.text == token)
            return each.keys.get() == keys && now >= each.valid_from && now < each.valid_until
                       ? each.claims
                       : nullptr;
    }
    return nullptr;
}

void verified_tokens::keep(verified_token one)
{
    if (sets_.empty() || one.text.size() > token_bytes_max)
        return;
    const std::uint64_t at = keyed_hash(key_, hashed_part(one.text)) % sets_.size();
    const std::lock_guard held{mutex_};
    set& there = sets_[at];
    const auto same = std::ranges::find(there, one.text, &verified_token::text);
    const auto free = std::ranges::find_if(there, [](const auto& each) { return !each.claims; });
    if (same != there.end())
        *same = std::move(one);
    else if (free != there.end())
        *free = std::move(one);
    else
        there[next_way_++ % ways] = std::move(one);
}

}  // namespace cohort::http
