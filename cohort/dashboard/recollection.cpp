#include <cohort/dashboard/recollection.hpp>

#include <cohort/control/event_words.hpp>
#include <cohort/control/fields.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::dashboard {

namespace {

using boost::json::object;
using boost::json::value;
using control::number_at;
using control::text_at;
using control::value_at;

/// Without a diagnosis there is at least what the kernel said.
std::string cause_of(const object& end)
{
    if (const auto said = text_at(end, "cause"); !said.empty())
        return std::string{said};
    if (control::flag_at(end, "for_memory"))
        return "memory";
    if (number_at(end, "signal"))
        return "signal";
    return number_at(end, "code") ? "exit" : "unknown";
}

std::string words_about(const object& end)
{
    const std::string_view said = text_at(end, "cause_words");
    return std::string{said.empty() ? text_at(end, "reason") : said};
}

}  // namespace

bool recollection::take(const object& event)
{
    const std::string_view kind = text_at(event, "event");
    object one;
    one["at"] = value_at(event, "time");
    one["slot"] = value_at(event, "slot");
    one["kind"] = boost::json::string_view{kind.data(), kind.size()};
    one["words"] = control::event_words(event);
    events_.push_back(std::move(one));
    if (events_.size() > events_max)
        events_.pop_front();
    return kind == "end" || kind == "report";
}

void recollection::take_ends(const object& why)
{
    ends_.clear();
    control::each_object(why, "slots", [this](const object& slot) {
        const auto number = number_at(slot, "slot");
        if (!number)
            return;
        auto& list = ends_[static_cast<std::uint32_t>(*number)];
        control::each_object(slot, "ends", [&list](const object& end) {
            if (control::flag_at(end, "asked_to_leave"))
                return;
            object one;
            one["at"] = value_at(end, "time");
            one["pid"] = value_at(end, "pid");
            one["cause"] = cause_of(end);
            one["words"] = words_about(end);
            one["report"] = value_at(end, "file");
            list.push_back(std::move(one));
        });
    });
}

boost::json::array recollection::events() const
{
    boost::json::array all;
    for (const object& each : events_)
        all.emplace_back(each);
    return all;
}

boost::json::array recollection::crashes() const
{
    std::vector<object> all;
    for (const auto& [slot, list] : ends_) {
        for (const object& each : list) {
            object one{{"at", each.at("at")}, {"slot", slot}};
            one.insert(each.begin(), each.end());
            all.push_back(std::move(one));
        }
    }
    // Times of one form: their order is that of the texts. (With clang 19 stable_sort calls what
    // libstdc++ 12 calls deprecated.)
    std::ranges::sort(all, std::greater{}, [](const object& one) { return text_at(one, "at"); });
    boost::json::array latest;
    for (std::size_t i = 0; i < std::min(all.size(), crashes_max); ++i)
        latest.emplace_back(std::move(all[i]));
    return latest;
}

value recollection::last_death(std::uint32_t slot) const
{
    const auto found = ends_.find(slot);
    if (found == ends_.end() || found->second.empty())
        return nullptr;
    const object& last = found->second.front();
    return object{{"at", last.at("at")}, {"cause", last.at("cause")}, {"words", last.at("words")}};
}

unsigned recollection::deaths_in_hour(std::uint32_t slot, wall_time now) const
{
    const auto found = ends_.find(slot);
    if (found == ends_.end())
        return 0;
    const std::string since = timestamp(now - std::chrono::hours{1});
    return static_cast<unsigned>(std::ranges::count_if(
        found->second, [&since](const object& one) { return text_at(one, "at") >= since; }));
}

}  // namespace cohort::dashboard
