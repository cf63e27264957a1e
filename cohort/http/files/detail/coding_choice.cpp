#include <cohort/http/files/detail/coding_choice.hpp>

#include <cohort/http/grammar.hpp>
#include <cohort/http/preference.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace cohort::http::detail {

std::string_view ending_of(coding how) noexcept
{
    switch (how) {
        case coding::br:
            return ".br";
        case coding::zstd:
            return ".zst";
        case coding::gzip:
            return ".gz";
    }
    std::unreachable();
}

coding_order choose_codings(std::string_view accept_encoding)
{
    auto list = read_preferences(accept_encoding);
    // No coding has parameters.
    std::erase_if(list, [](const preference& each) { return !each.parameters.empty(); });
    for (preference& each : list) {
        if (equal_ignoring_case(each.name, "x-gzip"))
            each.name = "gzip";
    }
    const auto plain = std::ranges::find_if(
        list, [](const preference& each) { return equal_ignoring_case(each.name, "identity"); });
    const std::uint16_t of_plain = plain != list.end() ? plain->weight : 0;

    struct candidate {
        coding which;
        std::uint16_t weight;
        std::size_t place;  // among ours
    };
    std::array<candidate, 3> all{{{coding::br, 0, 0}, {coding::zstd, 0, 1}, {coding::gzip, 0, 2}}};
    for (candidate& each : all)
        each.weight = weight_of(list, name(each.which)).value_or(0);
    // (With clang 19 stable_sort calls what libstdc++ 12 calls deprecated.)
    std::ranges::sort(all, [](const candidate& one, const candidate& other) {
        return std::pair{other.weight, one.place} < std::pair{one.weight, other.place};
    });
    coding_order order;
    for (const candidate& each : all) {
        if (each.weight > 0 && each.weight >= of_plain)
            order.add(each.which);
    }
    return order;
}

}  // namespace cohort::http::detail
