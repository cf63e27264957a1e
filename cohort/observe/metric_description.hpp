#pragma once
// What a family of metrics is, apart from its values, and the rules for its names.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::observe {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// What its numbers count. Seconds are held as whole nanoseconds.
enum class metric_unit : std::uint8_t { number, seconds, bytes };

/// How the gauges of several processes become one.
enum class metric_across : std::uint8_t { sum, least, most, average, each };

struct metric_description {
    static constexpr std::size_t labels_max = 16;
    static constexpr std::size_t edges_max = 64;
    static constexpr std::size_t name_max = 200;  ///< bytes, of the name and of each label's
    static constexpr std::size_t help_max = 1'000;

    metric_type type = metric_type::counter;
    metric_unit unit = metric_unit::number;
    metric_across across = metric_across::sum;
    std::uint8_t precision = 3;  ///< of a histogram: 2^precision buckets an octave; 3 or 5
    bool exemplars = false;
    std::string name;
    std::string help;
    std::vector<std::string> labels;
    std::vector<std::uint64_t> edges;  ///< of a histogram: inclusive ends of its classic buckets

    /// Whether Prometheus and OpenMetrics would have it, and it fits into memory.
    /// Errors: errc::bad_value, with the rule that it breaks; errc::too_large, too many buckets.
    [[nodiscard]] result<> check() const;

    /// The name without `_total`: what OpenMetrics calls a counter, and which no two may share.
    [[nodiscard]] std::string_view base() const noexcept;

    /// Words of each series.
    [[nodiscard]] std::size_t cells() const;

    /// All but the help, as bytes: the same for what is the same family.
    [[nodiscard]] std::string key() const;
    /// Back again. Nothing: somebody scribbled over it.
    [[nodiscard]] static std::optional<metric_description> from(std::string_view key,
                                                                std::string_view help);

    /// May series of both stand under one name? Their labels may differ.
    [[nodiscard]] bool goes_with(const metric_description& other) const noexcept;

    friend bool operator==(const metric_description&, const metric_description&) = default;
};

[[nodiscard]] std::string_view word_for(metric_type type) noexcept;  // "counter"
[[nodiscard]] std::string_view word_for(metric_unit unit) noexcept;  // "seconds"; numbers: ""

/// Values of labels, as bytes and back.
[[nodiscard]] std::string pack_values(const std::vector<std::string>& values);
[[nodiscard]] std::optional<std::vector<std::string>> unpack_values(std::string_view bytes,
                                                                    std::size_t how_many);

}  // namespace cohort::observe
