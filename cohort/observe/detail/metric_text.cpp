#include <cohort/observe/detail/metric_text.hpp>

#include <cohort/base/append.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace cohort::observe::detail {

void append_seconds(std::string& out, std::uint64_t ns)
{
    constexpr std::uint64_t second = 1'000'000'000;
    append_plain(out, decimal{ns / second}.view());
    if (ns % second == 0)
        return;
    std::array<char, 10> part{'.'};
    std::uint64_t rest = ns % second;
    for (std::size_t i = 9; i > 0; --i, rest /= 10)
        part[i] = static_cast<char>('0' + rest % 10);
    std::string_view digits{part.data(), part.size()};
    while (digits.back() == '0')
        digits.remove_suffix(1);
    out += digits;
}

}  // namespace cohort::observe::detail
