#include <cohort/http/middleware/csrf_tokens.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/random_bytes.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/cookies/set_cookie.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/sessions/user_session.hpp>

#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t code_bytes = 32;
constexpr std::size_t random_size = 32;

/// Makes and knows tokens: the code, then the random bytes.
class mint {
public:
    mint(const crypto::key_ring& keys, csrf_token_options by)
        : keys_{keys.keys_for("cohort csrf token 1")}, by_{std::move(by)}
    {
        // The cookie must be one that can be set; nobody should hear of it at the first request.
        if (const auto line = cookie_line(cookie_of({})); !line)
            throw failure{line.error()};
    }

    [[nodiscard]] std::string make(std::string_view binding) const
    {
        const std::string noise = crypto::random_bytes(random_size);
        std::string token{keys_.sign(signed_text(binding, noise)).view()};
        return crypto::to_base64url(token + noise);
    }

    [[nodiscard]] bool holds(std::string_view token, std::string_view binding) const
    {
        const auto bytes = crypto::from_base64url(token);
        if (!bytes || bytes->size() != code_bytes + random_size)
            return false;
        const std::string_view whole = *bytes;
        return keys_
            .verify(signed_text(binding, whole.substr(code_bytes)), whole.substr(0, code_bytes))
            .has_value();
    }

    /// Whether the request carries the token of its session twice.
    [[nodiscard]] bool carried_by(const request& of) const
    {
        const auto sent = of.header(by_.header);
        const auto kept = cookie(of, by_.cookie);
        if (!sent || !kept || !crypto::constant_time_equal(*sent, *kept))
            return false;
        const auto binding = present_binding(of);
        return binding && holds(*kept, *binding);
    }

    /// For a page: this may begin a session.
    [[nodiscard]] std::optional<std::string> binding(const request& of) const
    {
        return by_.bound_to ? by_.bound_to(of) : session_of(of).binding();
    }

    [[nodiscard]] new_cookie cookie_of(std::string token) const
    {
        return {.name = by_.cookie, .value = std::move(token), .site = same_site::strict};
    }

private:
    /// For a check: this must not.
    [[nodiscard]] std::optional<std::string> present_binding(const request& of) const
    {
        if (by_.bound_to)
            return by_.bound_to(of);
        user_session mine = session_of(of);
        return mine.existed() ? std::optional{mine.binding()} : std::nullopt;
    }

    static std::string signed_text(std::string_view binding, std::string_view noise)
    {
        std::string text = std::to_string(binding.size()) + ":";
        text += binding;
        text += std::to_string(noise.size()) + ":";
        text += noise;
        return text;
    }

    crypto::purpose_keys keys_;
    csrf_token_options by_;
};

/// What csrf_token() finds, and leaves for the answer.
struct token_work {
    std::shared_ptr<const mint> by;
    std::string fresh;
};

bool needs_token(method used) noexcept
{
    return used != method::get && used != method::head && used != method::options;
}

}  // namespace

hooks csrf_tokens(const crypto::key_ring& keys, csrf_token_options more)
{
    auto by = std::make_shared<const mint>(keys, std::move(more));
    return {.name = "csrf_tokens",
            .before = [by](request& of) -> std::optional<response> {
                if (needs_token(of.method()) && !by->carried_by(of))
                    return problem(403, "CSRF token refused",
                                   "the token is missing, or is not that of this session");
                of.attach(std::make_shared<token_work>(by, std::string{}));
                return std::nullopt;
            },
            .after =
                [by](const request& of, response& answer) {
                    const auto* work = of.attached<std::shared_ptr<token_work>>();
                    if (work != nullptr && !(*work)->fresh.empty())
                        set_cookie(answer, by->cookie_of((*work)->fresh));
                }};
}

std::string csrf_token(const request& of)
{
    const auto* attached = of.attached<std::shared_ptr<token_work>>();
    if (attached == nullptr)
        throw std::logic_error{"no csrf_tokens() around this route"};
    token_work& work = **attached;
    const auto binding = work.by->binding(of);
    if (!binding)
        throw std::logic_error{"a CSRF token is asked for where there is no session"};
    if (!work.fresh.empty() && work.by->holds(work.fresh, *binding))
        return work.fresh;
    const auto kept = cookie(of, work.by->cookie_of({}).name);
    if (kept && work.by->holds(*kept, *binding))
        return std::string{*kept};
    work.fresh = work.by->make(*binding);
    return work.fresh;
}

}  // namespace cohort::http
