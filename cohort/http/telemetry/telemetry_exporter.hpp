#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/http/telemetry/batch_exporter.hpp>
#include <cohort/http/telemetry/export_metrics.hpp>
#include <cohort/http/telemetry/metric_exporter.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace cohort::http {

/// Sends what is wanted of a cohort's spans, metrics and lines of the log, each by itself: a
/// collector of one that fails does not keep the others from theirs. Shows how that goes as
/// metrics. One process of a cohort has it. A resource of one event loop.
class telemetry_exporter {
public:
    /// What cannot be sent, since there is no shared memory for it, is a warning.
    /// Order: once metrics are settled in this process.
    telemetry_exporter(const board::commons& of, const observe::otlp_settings& how,
                       nanoseconds pause_first = otlp_retry::pause_first);

    /// Sends what comes, until `in` is stopped. Lifetime: this outlives what runs there.
    void start(scope& in);

    /// Sends what is left, all signals beside each other, for as long at most. Order: not while
    /// what start() began runs. Cancel: not; it ends by itself.
    [[nodiscard]] awaitable<> flush(nanoseconds budget);

    /// Closes connections. Before the loop goes.
    [[nodiscard]] awaitable<> close();

    /// Spans that were overwritten before they were sent, at most. Nothing: none are sent.
    [[nodiscard]] std::optional<std::uint64_t> spans_lost() const noexcept;

private:
    template <class Exporter>
    struct line {
        Exporter sender;
        export_metrics shown;
    };

    struct ring_place {
        std::string_view area;
        std::uint32_t blocks;
    };
    void add_spans(const board::commons& of, const ring_place& where,
                   const observe::otlp_settings& how, nanoseconds pause_first);
    void add_metrics(const board::commons& of, const observe::otlp_settings& how,
                     nanoseconds pause_first);
    void add_lines(const board::commons& of, const observe::otlp_settings& how,
                   nanoseconds pause_first);
    [[nodiscard]] awaitable<> watch();
    void look();

    std::deque<line<batch_exporter>> spans_;  // of each ring where there are some
    std::optional<line<metric_exporter>> metrics_;
    std::optional<line<batch_exporter>> lines_;
    std::optional<observe::log_export> left_;  // of the lines
};

}  // namespace cohort::http
