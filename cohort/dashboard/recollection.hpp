#pragma once

#include <cohort/base/clock.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

namespace cohort::dashboard {

/// What happened to a cohort lately, put together from what its primary says. An automaton.
class recollection {
public:
    static constexpr std::size_t events_max = 50;
    static constexpr std::size_t crashes_max = 20;

    /// The next event. True: somebody has ended, and there is more to ask about it.
    bool take(const boost::json::object& event);
    /// The answer to `why`: how workers ended.
    void take_ends(const boost::json::object& why);

    /// {"at","slot","kind","words"}, the oldest first.
    [[nodiscard]] boost::json::array events() const;
    /// {"at","slot","pid","cause","words","report"}: those that nobody asked to leave, the latest
    /// first. `report`: the file that has more to say, or null.
    [[nodiscard]] boost::json::array crashes() const;

    /// {"at","cause","words"} or null.
    [[nodiscard]] boost::json::value last_death(std::uint32_t slot) const;
    /// Ends within the hour before `now` that nobody asked for; as many as the primary remembers.
    [[nodiscard]] unsigned deaths_in_hour(std::uint32_t slot, wall_time now) const;

private:
    std::deque<boost::json::object> events_;
    std::map<std::uint32_t, std::deque<boost::json::object>> ends_;  // by slot, the latest first
};

}  // namespace cohort::dashboard
