#include <cohort/dashboard/verdict.hpp>

#include <cohort/control/fields.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace cohort::dashboard {

namespace {

using control::number_at;
using control::text_at;

constexpr std::size_t named_max = 3;

/// "api.1 is booting, api.2 was given up"
std::string missing(const boost::json::object& survey)
{
    std::vector<std::string> who;
    std::size_t more = 0;
    control::each_object(survey, "slots", [&](const boost::json::object& slot) {
        const std::string_view stage = text_at(slot, "stage");
        if (stage == "serving" || control::flag_at(slot, "extra"))
            return;
        if (who.size() == named_max) {
            ++more;
            return;
        }
        const std::string_view name = text_at(slot, "name");
        if (stage == "parked")
            who.push_back(fmt::format("{} was given up ({})", name, text_at(slot, "parked")));
        else if (stage == "held")
            who.push_back(fmt::format("{} is kept empty by an operator", name));
        else
            who.push_back(fmt::format("{} is {}", name, stage));
    });
    std::string words = fmt::format("{}", fmt::join(who, ", "));
    if (more != 0)
        words += fmt::format(", and {} more", more);
    return words;
}

bool nobody_died(const boost::json::object& survey)
{
    bool none = true;
    control::each_object(survey, "slots", [&](const boost::json::object& slot) {
        none = none && number_at(slot, "restarts").value_or(0) == 0;
    });
    return none;
}

}  // namespace

std::string_view name_of(condition which) noexcept
{
    constexpr std::array<std::string_view, 4> names{"starting", "serving", "degraded", "draining"};
    return names[std::to_underlying(which)];
}

verdict judge(const boost::json::object& survey)
{
    const auto wanted = number_at(survey, "wanted").value_or(0);
    const auto serving = number_at(survey, "serving").value_or(0);
    const auto parked = number_at(survey, "parked").value_or(0);
    const auto held = number_at(survey, "held").value_or(0);
    const std::string who = missing(survey);
    if (text_at(survey, "stage") == "stopping")
        return {condition::draining, "the cohort is stopping", false};
    if (serving == 0 && parked == 0 && held == 0 && nobody_died(survey))
        return {condition::starting, who.empty() ? "no worker is there yet" : who, false};
    if (serving == 0)
        return {condition::degraded, who.empty() ? "no worker serves" : "no worker serves: " + who,
                false};
    if (serving + held < wanted || parked != 0)
        return {condition::degraded,
                fmt::format("{} of {} workers serve: {}", serving, wanted, who), true};
    return {condition::serving, held == 0 ? std::string{} : who, true};
}

}  // namespace cohort::dashboard
