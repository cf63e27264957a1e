#pragma once
// For tests of who is stopped while it writes into shared memory.

#include <doctest/doctest.h>

#include <sys/mman.h>

#include <csignal>
#include <cstddef>
#include <string_view>

namespace cohort::board {

/// A text that cannot be read at first: whoever wants it is interrupted, and `meanwhile` happens.
class slow_text {
public:
    explicit slow_text(void (*meanwhile)())
    {
        happens = meanwhile;
        page = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(page != MAP_FAILED);
        struct sigaction interrupt{};
        interrupt.sa_handler = [](int) {
            happens();
            ::mprotect(page, bytes, PROT_READ);
        };
        REQUIRE(::sigaction(SIGSEGV, &interrupt, &before_) == 0);
    }
    slow_text(const slow_text&) = delete;
    slow_text& operator=(const slow_text&) = delete;
    ~slow_text()
    {
        ::sigaction(SIGSEGV, &before_, nullptr);
        ::munmap(page, bytes);
    }
    [[nodiscard]] std::string_view view() const noexcept
    {
        return {static_cast<const char*>(page), 8};
    }

private:
    static constexpr std::size_t bytes = 4096;
    static inline void* page = nullptr;
    static inline void (*happens)() = nullptr;
    struct sigaction before_{};
};

}  // namespace cohort::board
