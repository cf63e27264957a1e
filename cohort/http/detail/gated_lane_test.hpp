#pragma once
// For tests of what happens while a lane computes, and while it has no room.

#include <cohort/async/lanes.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <atomic>
#include <cstddef>
#include <semaphore>
#include <string>
#include <utility>

namespace cohort::http::detail {

/// The one lane of a house: GET /compute runs on it until `go` is released, and is answered with
/// `words`. Lifetime: the house's, which outlives it; release as often as requests were let in.
struct gated_lane {
    explicit gated_lane(house& of, std::string answer = "done")
        : at{of}, words{std::move(answer)}
    {}

    /// Behind the middleware that is in place by now.
    void add_route()
    {
        at.api.get("/compute",
                   [this](const request&) {
                       go.acquire();
                       ++computed;
                       return text(words);
                   },
                   {.cpu_bound = true});
    }

    /// Whose request runs. So many others may wait for the lane.
    client occupy(std::size_t waiting_max)
    {
        lanes::of(at.loop).configure(1, waiting_max);
        client first = at.connect();
        first.say(get("/compute"));
        at.until([&] { return lanes::of(at.loop).busy() == 1; });
        return first;
    }

    /// Two more who ask. Of them at most one finds room where one may wait.
    std::pair<client, client> two_more()
    {
        std::pair<client, client> both{at.connect(), at.connect()};
        both.first.say(get("/compute"));
        both.second.say(get("/compute"));
        return both;
    }

    house& at;
    std::string words;
    std::counting_semaphore<8> go{0};
    std::atomic<int> computed{0};
};

/// The first of the two that is answered with 503.
inline const client& refused_one(house& at, std::pair<client, client>& of)
{
    at.until([&] {
        of.first.listen();
        of.second.listen();
        return of.first.has("503") || of.second.has("503");
    });
    return of.first.has("503") ? of.first : of.second;
}

}  // namespace cohort::http::detail
