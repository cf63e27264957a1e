#include <cohort/crypto/password.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/detail/evp.hpp>
#include <cohort/crypto/random_bytes.hpp>

#include <cstdint>
#include <new>
#include <optional>

namespace cohort::crypto {

namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t block_factor = 8;  // "r": 1 KiB a block

struct parsed {
    password_cost cost;
    std::string salt;
    std::string hash;
};

bool is_fit(password_cost cost) noexcept
{
    return cost.log2_n >= 10 && cost.log2_n <= 20 && cost.p >= 1 && cost.p <= 16;
}

std::string scrypt(std::string_view password, std::string_view salt, password_cost cost)
{
    std::string out(hash_bytes, '\0');
    const std::uint64_t n = std::uint64_t{1} << cost.log2_n;
    const std::uint64_t memory_max = (n + cost.p + 2) * block_factor * 128 + (1 << 20);
    // Every cost that is fit has its memory allowed: what is left to fail is to get it.
    if (EVP_PBE_scrypt(password.data(), password.size(), detail::octets(salt.data()), salt.size(),
                       n, block_factor, cost.p, memory_max, detail::octets(out.data()),
                       out.size()) != 1)
        throw std::bad_alloc{};
    return out;
}

std::string header(password_cost cost)
{
    return "$scrypt$ln=" + std::to_string(cost.log2_n) + ",r=8,p=" + std::to_string(cost.p) + "$";
}

/// The number between two marks, both cut off.
std::optional<unsigned> number(std::string_view& text, std::string_view before, char after)
{
    if (!text.starts_with(before))
        return std::nullopt;
    text.remove_prefix(before.size());
    const auto end = text.find(after);
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto value = parse_integer<unsigned>(text.substr(0, end));
    text.remove_prefix(end);
    return value;
}

std::optional<parsed> read(std::string_view hash)
{
    std::string_view rest = hash;
    const auto log2_n = number(rest, "$scrypt$ln=", ',');
    const auto p = number(rest, ",r=8,p=", '$');
    if (!log2_n || !p)
        return std::nullopt;
    const password_cost cost{.log2_n = *log2_n, .p = *p};
    if (!is_fit(cost) || !hash.starts_with(header(cost)))
        return std::nullopt;
    rest.remove_prefix(1);
    const auto dollar = rest.find('$');
    if (dollar == std::string_view::npos)
        return std::nullopt;
    // The format is that of PHC strings: the usual alphabet, without padding. Ours are 16 and 32
    // bytes, so the padding is known.
    auto salt = from_base64(std::string{rest.substr(0, dollar)} + "==");
    auto sum = from_base64(std::string{rest.substr(dollar + 1)} + "=");
    if (!salt || !sum || salt->size() != salt_bytes || sum->size() != hash_bytes)
        return std::nullopt;
    return parsed{cost, std::move(*salt), std::move(*sum)};
}

std::string unpadded(std::string_view bytes)
{
    std::string text = to_base64(bytes);
    text.resize(text.find_last_not_of('=') + 1);
    return text;
}

}  // namespace

std::string hash_password(std::string_view password, password_cost cost)
{
    COHORT_ASSERT(is_fit(cost));
    if (password.size() > password_bytes_max)
        throw failure{fault(make_error_code(errc::too_large), "hash password")};
    const std::string salt = random_bytes(salt_bytes);
    return header(cost) + unpadded(salt) + "$" + unpadded(scrypt(password, salt, cost));
}

bool verify_password(std::string_view password, std::string_view hash, password_cost usual)
{
    COHORT_ASSERT(is_fit(usual));
    if (password.size() > password_bytes_max)
        return false;
    const auto known = read(hash);
    if (!known) {
        // Nobody's password costs as much as somebody's: a quick no would tell who has an account.
        (void)scrypt(password, std::string(salt_bytes, '\0'), usual);
        return false;
    }
    return constant_time_equal(scrypt(password, known->salt, known->cost), known->hash);
}

bool is_outdated(std::string_view hash, password_cost cost)
{
    return !hash.starts_with(header(cost));
}

}  // namespace cohort::crypto
