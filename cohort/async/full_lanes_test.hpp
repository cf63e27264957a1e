#pragma once
// For tests of what is to run on a lane when there is no place on any.

#include <cohort/async/lanes.hpp>

#include <doctest/doctest.h>

#include <latch>

namespace cohort {

/// Has the only lane compute, and somebody wait for it, which is all that may: until release().
/// Lifetime: of the lanes.
class full_lanes {
public:
    explicit full_lanes(lanes& all)
    {
        all.configure(1, 1);
        REQUIRE(all.run([this]() noexcept {
            begun_.count_down();
            hold_.wait();
            idle_.count_down();
        }));
        begun_.wait();
        REQUIRE(all.run([this]() noexcept { idle_.count_down(); }));
    }

    /// Returns when both have ended. Once, before this is gone.
    void release()
    {
        hold_.count_down();
        idle_.wait();
    }

private:
    std::latch begun_{1};
    std::latch hold_{1};
    std::latch idle_{2};
};

}  // namespace cohort
