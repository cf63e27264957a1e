#pragma once
// What metrics look like in shared memory: a directory of what there is, columns of words, one for
// each writer, and blocks that the columns consist of. All of it lies in the commons, whose names
// for its areas have to change with anything here.
//
//     columns: everybody's | of processes … | of single threads of theirs …

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cohort::board {

/// What an entry of the directory is about.
enum class metric_kind : std::uint8_t {
    none,
    family,
    series,  ///< only ever grows: goes on when another process takes the column over
    gauge,   ///< a series, too: of one process, and void without it
};

inline constexpr std::size_t metric_entries_max = 10'240;
/// Entries that only families and overflow series may take.
inline constexpr std::size_t metric_entries_spare = 1'024;
inline constexpr std::size_t metric_text_words = std::size_t{1} << 18;  // 2 MiB

/// Each process has one or two, so this is twice slots_max and as many for who leaves slowly.
inline constexpr std::size_t metric_process_columns = 1'024;
/// Of threads: those of the default number of lanes in slots_max workers, and as many again.
inline constexpr std::size_t metric_thread_columns = 2'048;
inline constexpr std::size_t metric_columns_max = metric_process_columns + metric_thread_columns;

/// Words in a line of the processor's memory.
inline constexpr std::size_t metric_line_words = 8;
/// What a block has room for beside the words that say which of its lines were written to.
inline constexpr std::size_t metric_page_words = 1'016;
/// Pages of a column: first those of series, then those of gauges.
inline constexpr std::size_t metric_series_pages = 448;
inline constexpr std::size_t metric_gauge_pages = 64;
inline constexpr std::size_t metric_pages_max = metric_series_pages + metric_gauge_pages;

inline constexpr std::size_t metric_blocks_max = 3'072;  // 24 MiB
/// Columns of threads take none beyond these: who finds no room there shares a column, and the rest
/// is for processes, who would have to do without.
inline constexpr std::size_t metric_thread_blocks = 1'024;

using metric_word = std::atomic<std::uint64_t>;
static_assert(metric_word::is_always_lock_free && sizeof(metric_word) == 8);

/// One family or series.
struct metric_entry {
    /// 0: none, nor any behind it. Otherwise written once:
    ///
    ///     kind, 2 bits | words of a series, 12 bits | where its text begins, 18 bits | hash, 32
    metric_word word;
    metric_word touched_ns;  ///< when somebody last asked for it: tells two of one name apart
    metric_word refused;     ///< of a family: how often there was no room for one more series
};

/// Whose words these are.
struct metric_column {
    /// 0: free. times taken, 31 bits | being cleared, 1 bit | pid, 32 bits
    metric_word owner;
    metric_word seat;   ///< of the owner; see metric_writer
    metric_word claim;  ///< the order in which columns were taken
};

struct alignas(4096) metric_head {
    alignas(128) metric_word text_taken;  // words of text that are given out
    metric_word claims;
    metric_word refused;  // how often there was no room for a family, or for a page of words
    alignas(128) std::array<metric_column, metric_columns_max> columns;
    /// 0: free, and all behind it. Otherwise written once: column + 1, 32 bits | page, 32 bits.
    alignas(128) std::array<metric_word, metric_blocks_max> blocks;
    alignas(128) std::array<metric_entry, metric_entries_max> entries;
    alignas(4096) std::array<metric_word, metric_text_words> text;
};
static_assert(std::is_standard_layout_v<metric_head>);
static_assert(sizeof(metric_head) % 4096 == 0);

/// A page of a column.
struct alignas(4096) metric_block {
    /// By line of `words`: there is something in it, or is about to be. Most of what a histogram
    /// has cells for never happens, and a reader of thousands of blocks need not look at it.
    std::array<metric_word, 2> touched;
    std::array<metric_word, 6> reserved;
    std::array<metric_word, metric_page_words> words;
};
static_assert(sizeof(metric_block) == 8'192);
static_assert(offsetof(metric_block, words) % (metric_line_words * sizeof(metric_word)) == 0);
static_assert(metric_page_words / metric_line_words <= 2 * 64);

/// Raise it on any change above.
inline constexpr const char* metric_head_area = "metrics/2";
inline constexpr const char* metric_block_area = "metrics/2 blocks";
/// Since when they count (observe/otlp_metrics).
inline constexpr const char* metric_began_area = "metrics/2 began";
static_assert(std::string_view{metric_block_area}.starts_with(metric_head_area));
static_assert(std::string_view{metric_began_area}.starts_with(metric_head_area));

}  // namespace cohort::board
