#include <cohort/primary/end_words.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

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

    std::vector<json::object> told;
    std::vector<std::size_t> sizes;
    told.reserve(ends.size());
    sizes.reserve(ends.size());
    std::size_t bytes = 0;
    for (const slot_end& each : ends) {
        told.push_back(short_words(each));
        sizes.push_back(json::serialize(told.back()).size());
        bytes += sizes.back();
    }
    for (const std::size_t i : latest_first) {
        json::object whole = whole_words(ends[i]);
        const std::size_t others = bytes - sizes[i];
        const std::size_t size = json::serialize(whole).size();
        if (others + size > bytes_max)
            continue;
        told[i] = std::move(whole);
        bytes = others + size;
    }
    return told;
}

}  // namespace cohort::primary
