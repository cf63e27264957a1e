#include <cohort/config/problem.hpp>

#include <cohort/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::config {

namespace {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> two_up(b.size() + 1);
    std::vector<std::size_t> up(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        up[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({up[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], two_up[j - 2] + 1);
        }
        two_up.swap(up);
        up.swap(row);
    }
    return up[b.size()];
}

}  // namespace

std::string problem::text() const
{
    std::string where = file;
    if (line > 0)
        where += fmt::format(":{}", line);
    if (line > 0 && column > 0)
        where += fmt::format(":{}", column);
    if (!where.empty())
        where += ": ";
    if (!key.empty())
        where += key + ": ";
    return printable(where + words);  // files, keys and values are quoted in it
}

std::string text(const std::vector<problem>& list)
{
    std::string all;
    for (const problem& one : list)
        all += one.text() + "\n";
    return all;
}

void complaints::unless(bool fine, std::string_view key, std::string_view expected)
{
    if (fine)
        return;
    problem found;
    found.key = section_.empty() ? std::string{key} : fmt::format("{}.{}", section_, key);
    found.words = fmt::format("must be {}", expected);
    list_.push_back(std::move(found));
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known)
{
    constexpr std::size_t longest = 64;  // nobody means a key by more than this
    if (word.empty() || word.size() > longest)
        return {};
    std::string_view best;
    std::size_t best_distance = 2 + word.size() / 3;  // farther away is another word
    for (const std::string_view candidate : known) {
        const std::size_t away = distance(word, candidate);
        if (away < best_distance && away < candidate.size()) {
            best = candidate;
            best_distance = away;
        }
    }
    return best;
}

}  // namespace cohort::config
