#include <cohort/schema/choice.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <set>

namespace cohort::schema::detail {

bool read_choice(reader& in, const std::vector<std::string>& words, std::size_t& which)
{
    which = SIZE_MAX;
    if (const kind is = in.next(); is != kind::text)
        return refuse_type(in, is, "string");
    std::string_view word;
    return in.take_text(word) && choose(in, words, word, which);
}

bool choose(reader& in, const std::vector<std::string>& words, std::string_view word,
            std::size_t& which)
{
    const auto found = std::ranges::find(words, word);
    which = found == words.end() ? SIZE_MAX : static_cast<std::size_t>(found - words.begin());
    if (found != words.end())
        return true;
    std::string all = boost::json::serialize(describe_choice(words).at("enum"));
    return in.complain("enum", std::move(all),
                       fmt::format("must be one of: {}", fmt::join(words, ", ")));
}

boost::json::object describe_choice(const std::vector<std::string>& words)
{
    boost::json::array all;
    for (const std::string& word : words)
        all.emplace_back(word);
    boost::json::object out;
    out["type"] = "string";
    out["enum"] = std::move(all);
    return out;
}

void check_choice(const std::vector<std::string>& words)
{
    if (words.empty() || std::set<std::string>(words.begin(), words.end()).size() != words.size())
        throw std::logic_error{"schema: a choice has no words, or one of them twice"};
}

}  // namespace cohort::schema::detail
