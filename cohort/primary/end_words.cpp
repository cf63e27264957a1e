#include <cohort/primary/end_words.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <functional>
#include <numeric>

namespace cohort::primary {

namespace {

namespace json = boost::json;

json::object whole_words(const slot_end& of)
{
    json::object words = to_json(of);
    if (of.details)
        words.insert(of.details->begin(), of.details->end());
    if (!of.story.empty())
        words["story"] = of.story;
    return words;
}

json::object short_words(const slot_end& of)
{
    json::object words = to_json(of);
    words.erase("report");
    if (const auto* const file = of.details ? of.details->if_contains("file") : nullptr)
        words["file"] = *file;
    words["shortened"] = true;
    return words;
}

}  // namespace

std::vector<json::object> words_of(std::span<const slot_end> ends, std::size_t bytes_max)
{
    std::vector<std::size_t> latest_first(ends.size());
    std::iota(latest_first.begin(), latest_first.end(), std::size_t{0});
    std::ranges::sort(latest_first, std::greater{}, [ends](std::size_t i) { return ends[i].when; });

    std::vector<json::object> told(ends.size());
    // What has to be said of each in any case.
    std::size_t bytes = 0;
    for (const slot_end& each : ends)
        bytes += json::serialize(short_words(each)).size();
    for (const std::size_t i : latest_first) {
        told[i] = whole_words(ends[i]);
        const std::size_t more = json::serialize(told[i]).size();
        if (bytes + more <= bytes_max)
            bytes += more;
        else
            told[i] = short_words(ends[i]);
    }
    return told;
}

}  // namespace cohort::primary
