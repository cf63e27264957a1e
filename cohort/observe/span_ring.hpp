#pragma once

#include <cohort/board/commons.hpp>
#include <cohort/observe/export_ring.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::observe {

/// Spans that have ended, until one process has sent them; each is the text that goes out. The
/// memory is that of board::commons::here(), found when the first one comes: there is room for
/// about 4,000 of the usual size. A resource; any thread.
class span_ring {
public:
    static constexpr std::string_view area_name = "spans/1";
    /// Spans that failed or were slow lie apart: however many others somebody causes, these are not
    /// overwritten by them. About 1,000.
    static constexpr std::string_view trouble_area_name = "spans/1/trouble";
    static constexpr std::uint32_t trouble_blocks = export_ring::usual_blocks / 4;

    explicit span_ring(std::string_view area = area_name,
                       std::uint32_t blocks = export_ring::usual_blocks);

    using outcome = export_ring::outcome;
    [[nodiscard]] outcome publish(std::string_view span) noexcept;

    /// Nothing: there is no shared memory left.
    [[nodiscard]] std::optional<export_ring> find() noexcept;

private:
    board::common_area ring_;
    board::common_area sent_;
};

}  // namespace cohort::observe
