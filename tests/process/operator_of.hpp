#pragma once
// An operator at the admin socket of a program under test.

#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testing {

inline control::cohort_place place_of(const running_program& of, const std::string& app)
{
    return {.app = app,
            .socket = of.runtime_folder() / control::socket_name(app),
            .opened_by = of.pid()};
}

/// Asks, and waits for the answer. A resource.
class operator_of {
public:
    operator_of(const running_program& program, const std::string& app)
        : over_{place_of(program, app)}
    {}

    control::answer ask(const std::string& verb, boost::json::object arguments = {},
                        std::optional<std::uint32_t> slot = {},
                        milliseconds budget = milliseconds{60'000})
    {
        control::request what{verb};
        what.slot = slot;
        what.arguments = std::move(arguments);
        what.budget = budget;
        auto said = over_.ask(what, control::client::manner::repeatable,
                              [this](const control::progress& p) {
                                  heard.push_back(p.text);
                                  told.push_back(p.data);
                              });
        if (!said)
            throw failure{said.error()};
        return *std::move(said);
    }

    /// The stage of each slot, as `ls` shows it.
    std::vector<std::string> stages()
    {
        std::vector<std::string> all;
        const auto said = ask("ls");
        for (const auto& each : said.data.at("slots").as_array())
            all.emplace_back(each.as_object().at("stage").as_string());
        return all;
    }

    /// The latest event of that kind; empty: none.
    boost::json::object event(std::string_view kind)
    {
        told.clear();
        ask("events", {{"last", 1000}});
        const auto found =
            std::ranges::find_if(told.rbegin(), told.rend(), [kind](const auto& one) {
                return std::string_view{one.at("event").as_string()} == kind;
            });
        return found == told.rend() ? boost::json::object{} : *found;
    }

    std::vector<std::string> heard;
    std::vector<boost::json::object> told;  ///< what came along with it

private:
    control::client over_;
};

}  // namespace cohort::testing
