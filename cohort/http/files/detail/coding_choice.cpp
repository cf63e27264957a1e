#include <cohort/http/files/detail/coding_choice.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace cohort::http::detail {

namespace {

constexpr std::array<coding_words, 3> table{{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};

/// "0.5" as 500. Source: RFC 9110, 12.4.2.
std::optional<int> parse_weight(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1'))
        return std::nullopt;
    int value = (text[0] - '0') * 1000;
    if (text.size() > 1 && text[1] != '.')
        return std::nullopt;
    int unit = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is(octet_digit, c))
            return std::nullopt;
        value += (c - '0') * unit;
        unit /= 10;
    }
    return value <= 1000 ? std::optional{value} : std::nullopt;
}

struct weights {
    std::array<std::optional<int>, 3> of_coding;
    std::optional<int> of_identity;
    std::optional<int> of_others;

    std::optional<int>* slot(std::string_view name) noexcept
    {
        if (name == "*")
            return &of_others;
        if (equal_ignoring_case(name, "identity"))
            return &of_identity;
        if (equal_ignoring_case(name, "x-gzip"))
            name = "gzip";
        for (std::size_t i = 0; i < table.size(); ++i) {
            if (equal_ignoring_case(name, table[i].name))
                return &of_coding[i];
        }
        return nullptr;
    }
};

void read_element(std::string_view text, weights& into)
{
    const std::string_view name = trim(text.substr(0, text.find(';')));
    std::optional<int> weight = 1000;
    if (text.find(';') != std::string_view::npos) {
        const std::string_view rest = trim(text.substr(text.find(';') + 1));
        const bool is_weight = rest.starts_with("q=") || rest.starts_with("Q=");
        weight = is_weight ? parse_weight(rest.substr(2)) : std::nullopt;
    }
    if (auto* const slot = into.slot(name); slot != nullptr && weight)
        *slot = weight;
}

}  // namespace

const coding_words& words(coding of) noexcept { return table[std::to_underlying(of)]; }

coding_order choose_codings(std::string_view accept_encoding)
{
    weights read;
    std::string_view rest = accept_encoding;
    for (auto each = next_element(rest); !each.empty(); each = next_element(rest))
        read_element(each, read);

    struct candidate {
        coding which;
        int weight;
    };
    std::array<candidate, 3> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = {static_cast<coding>(i), read.of_coding[i].value_or(read.of_others.value_or(0))};
    // By weight, then in our own order, which no two share. (With clang 19 stable_sort calls what
    // libstdc++ 12 calls deprecated.)
    std::ranges::sort(all, [](const candidate& one, const candidate& other) {
        return std::pair{other.weight, one.which} < std::pair{one.weight, other.which};
    });
    coding_order order;
    for (const candidate& each : all) {
        if (each.weight > 0 && each.weight >= read.of_identity.value_or(0))
            order.add(each.which);
    }
    return order;
}

}  // namespace cohort::http::detail
