#pragma once

#include <cohort/board/commons.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cohort::http::detail {

/// Where a limit counts: an area of the commons. Where they are full, memory of this process; then
/// all processes together allow more, and the log says so once. A resource; any thread.
class limit_memory {
public:
    limit_memory(std::string limit, std::string area, std::size_t bytes) noexcept;
    limit_memory(const limit_memory&) = delete;
    limit_memory& operator=(const limit_memory&) = delete;
    ~limit_memory();

    enum class whose : std::uint8_t { of_the_cohort, of_this_process };
    struct place {
        std::span<std::byte> memory;
        whose is = whose::of_the_cohort;
    };
    /// Zeros at first, at a page.
    [[nodiscard]] place find();

private:
    std::string limit_;
    board::common_area area_;
    std::size_t bytes_;
    std::atomic<std::byte*> own_{nullptr};
};

}  // namespace cohort::http::detail
