#pragma once

#include <cohort/testing/detail/answer_reader.hpp>
#include <cohort/testing/witness_report.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace cohort::testing::detail {

/// One request on its way, from the moment a connection has it.
struct flight {
    std::uint64_t number = 0;
    witness_kind kind = witness_kind::get;
    std::uint32_t connection = 0;
    std::uint32_t answer_bytes = 0;
    steady_time planned{};
    steady_time asked{};       ///< A connection has it.
    steady_time sent{};        ///< Its first byte was given to the socket. 0: not yet.
    std::uint64_t begins = 0;  ///< Positions in the connection's bytes.
    std::uint64_t ends = 0;
};

/// Keeps the report while the run goes on. Pure: somebody else looks at clocks and sockets.
class witness_book {
public:
    void begin(steady_time start, std::uint64_t seed)
    {
        start_ = start;
        report_.seed = seed;
    }

    void plan(std::uint64_t requests) noexcept { report_.planned += requests; }
    /// Not asked after all: the run was stopped before its time.
    void forget(std::uint64_t requests) noexcept { report_.planned -= requests; }
    void sent() noexcept { ++report_.sent; }
    void connected() noexcept { ++report_.connects; }
    void closed_while_idle() noexcept { ++report_.idle_closes; }
    void said_close() noexcept { ++report_.said_close; }
    void stray(std::uint64_t bytes) noexcept { report_.stray_bytes += bytes; }
    void want_counts() noexcept { report_.counts_wanted = true; }
    void counts(const witness_counts& of) noexcept { report_.server = of; }

    /// A whole answer came: which outcome it is follows from it.
    void answered(const flight& of, const answer_reader& with, steady_time when);

    /// None came.
    void failed(const flight& of, witness_outcome what, steady_time when, std::string detail);

    /// Planned, and no connection ever had it.
    void unsent(witness_kind kind, std::uint64_t requests) noexcept;

    void mark(const witness_mark& death);

    void end(steady_time when) noexcept { report_.lasted = when - start_; }
    [[nodiscard]] const witness_report& report() const noexcept { return report_; }

private:
    /// An answer that marks still to come may look for.
    struct recent {
        steady_time sent{};
        steady_time done{};
        std::optional<std::uint32_t> slot;
    };

    static bool counts_for(const witness_mark& mark, const recent& answer) noexcept;

    static constexpr std::size_t failures_max = 50;
    static constexpr std::size_t recent_max = 4096;

    witness_report report_;
    steady_time start_{};
    std::array<recent, recent_max> recent_{};
    std::uint64_t answers_ = 0;
    std::size_t open_marks_ = 0;  // still without an answer
};

}  // namespace cohort::testing::detail
