#include <cohort/control/oddness.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cohort::control {

namespace {

using habit = std::optional<double> worker_habits::*;

double median(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

constexpr std::size_t fewest = 3;

/// Adds what this habit says. No distance below `least`, or below a tenth of what is usual, counts
/// as typical: it would make trifles odd where all are nearly the same.
void judge(std::span<const worker_habits> of, habit which, double least, std::vector<double>& odd)
{
    std::vector<double> known;
    known.reserve(of.size());
    for (const worker_habits& each : of) {
        if (each.*which)
            known.push_back(*(each.*which));
    }
    if (known.size() < fewest)
        return;
    const double usual = median(known);
    std::vector<double> distances;
    distances.reserve(known.size());
    for (const double each : known)
        distances.push_back(std::abs(each - usual));
    const double typical = std::max({median(distances), std::abs(usual) / 10, least});
    for (std::size_t i = 0; i < of.size(); ++i) {
        if (const auto& value = of[i].*which)
            odd[i] = std::max(odd[i], std::abs(*value - usual) / typical);
    }
}

}  // namespace

std::vector<double> oddness(std::span<const worker_habits> of)
{
    constexpr double utilisation_least = 0.05;
    constexpr double lag_least_ms = 5;
    constexpr double requests_least = 2;
    constexpr double connections_least = 2;
    constexpr double memory_least = 1 << 20;
    std::vector<double> odd(of.size(), 0.0);
    judge(of, &worker_habits::utilisation, utilisation_least, odd);
    judge(of, &worker_habits::lag_ms, lag_least_ms, odd);
    judge(of, &worker_habits::in_flight, requests_least, odd);
    judge(of, &worker_habits::connections, connections_least, odd);
    judge(of, &worker_habits::memory_bytes, memory_least, odd);
    for (double& each : odd)
        each = std::round(each * 10) / 10;
    return odd;
}

}  // namespace cohort::control
