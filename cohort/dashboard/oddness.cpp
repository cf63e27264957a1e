#include <cohort/dashboard/oddness.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cohort::dashboard {

namespace {

using habit = std::optional<double> worker_habits::*;

double median(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Adds what this habit says. `least`: no distance below it counts as typical, and would make
/// trifles odd where all are nearly the same.
void judge(std::span<const worker_habits> of, habit which, double least, std::vector<double>& odd)
{
    std::vector<double> known;
    known.reserve(of.size());
    for (const worker_habits& each : of) {
        if (each.*which)
            known.push_back(*(each.*which));
    }
    if (known.size() < 2)
        return;
    const double usual = median(known);
    std::vector<double> distances;
    distances.reserve(known.size());
    for (const double each : known)
        distances.push_back(std::abs(each - usual));
    const double typical = std::max(median(distances), least);
    for (std::size_t i = 0; i < of.size(); ++i) {
        if (const auto& value = of[i].*which)
            odd[i] = std::max(odd[i], std::abs(*value - usual) / typical);
    }
}

}  // namespace

std::vector<double> oddness(std::span<const worker_habits> of)
{
    std::vector<double> odd(of.size(), 0.0);
    double memory = 0;
    for (const worker_habits& each : of)
        memory = std::max(memory, each.memory_bytes.value_or(0));
    constexpr double utilisation_least = 0.05;
    constexpr double lag_least_ms = 5;
    constexpr double in_flight_least = 2;
    constexpr double memory_least_share = 0.1;
    judge(of, &worker_habits::utilisation, utilisation_least, odd);
    judge(of, &worker_habits::lag_ms, lag_least_ms, odd);
    judge(of, &worker_habits::in_flight, in_flight_least, odd);
    if (memory > 0)
        judge(of, &worker_habits::memory_bytes, memory * memory_least_share, odd);
    for (double& each : odd)
        each = std::round(each * 10) / 10;
    return odd;
}

}  // namespace cohort::dashboard
