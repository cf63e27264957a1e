#pragma once

#include <cohort/board/metric_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cohort::board {

/// One family or series, as the directory has it. What the texts say is their writer's business. A
/// value.
struct metric_record {
    metric_kind kind = metric_kind::none;
    std::uint32_t parent = 0;  ///< of a series: the number of its family
    std::uint32_t cells = 0;   ///< of a series: its words in each column, 1 to metric_page_words
    std::string key;           ///< what makes it this one and no other, among its parent's
    std::string rest;          ///< what else is known of it
};

/// Words for text that are given out already, and in no entry: who lost a race has them. A value.
struct metric_text {
    std::uint64_t first = 0;
    std::uint64_t words = 0;
};

/// Which families and series there are: a list that only grows. Any process may write and die at
/// any instruction; nobody waits. A view; a value. Lifetime: the memory's.
///
/// A record's text is written first, where nobody else writes, and then becomes entry n by one
/// exchange, which fails if somebody else's is entry n. So who has read all entries before n, and
/// finds that n is free, knows what there is; and nothing can be in it twice.
class metric_directory {
public:
    static constexpr std::size_t text_max = 8'192;  ///< bytes of key and rest together

    explicit metric_directory(metric_head& in) noexcept
        : in_{&in}
    {}

    /// What of an entry needs no text, or nothing: there is none, and none behind it.
    struct outline {
        metric_kind kind = metric_kind::none;
        std::uint32_t cells = 0;
    };
    [[nodiscard]] std::optional<outline> look_at(std::size_t number) const noexcept;
    /// Nothing: there is none, or it is not what was written.
    [[nodiscard]] std::optional<metric_record> read(std::size_t number) const;

    enum class outcome : std::uint8_t {
        done,
        taken,  ///< Somebody was faster: read it, and think again.
        full,
    };
    /// Makes it entry `number`. `spare`: this writer's own; kept between calls.
    /// Order: every entry before it has been read.
    [[nodiscard]] outcome append(std::size_t number, const metric_record& what,
                                 metric_text& spare) const;

    void touch(std::size_t number, std::uint64_t now_ns) const noexcept;
    [[nodiscard]] std::uint64_t touched_ns(std::size_t number) const noexcept;
    void count_refused(std::size_t number) const noexcept;
    [[nodiscard]] std::uint64_t refused(std::size_t number) const noexcept;

private:
    metric_head* in_;
};

}  // namespace cohort::board
