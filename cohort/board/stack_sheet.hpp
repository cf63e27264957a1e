#pragma once
// Where a worker's threads write their stacks when somebody wants to see them, and where its crash
// handler does; since when its oldest request runs, and how much memory it has. One for each
// worker, shared with its primary only.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/detail/sealed_memory.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::board {

/// Raised by any change to what follows; a sheet with another number is refused.
inline constexpr std::uint32_t stack_layout_number = 3;

/// "COHORT_S", read as a little-endian number.
inline constexpr std::uint64_t stack_magic = 0x535f'5452'4f48'4f43ULL;

inline constexpr std::size_t stack_threads_max = 64;
inline constexpr std::size_t stack_frames_max = 64;
inline constexpr std::size_t stack_errand_max = 128;
inline constexpr std::size_t stack_registers_max = 40;
inline constexpr std::size_t stack_exception_max = 256;
inline constexpr std::size_t stack_build_id_max = 32;
inline constexpr std::size_t stack_sender_max = 16;

/// How far a stack was followed.
enum class stack_end : std::uint32_t {
    whole,       ///< To its end.
    cut,         ///< There was more than `stack_frames_max`.
    unreadable,  ///< Something on it was no address: what was found before counts.
};

/// One thread's stack. `thread` is written by who asks, all else by a signal handler of that
/// thread.
struct stack_words {
    std::atomic<std::uint32_t> thread;  ///< its number in the kernel; 0: nobody is asked here
    std::atomic<std::uint32_t> round;   ///< last: the question that this answers
    std::atomic<std::uint32_t> depth;   ///< frames
    std::atomic<std::uint32_t> end;     ///< of stack_end
    std::atomic<std::uint32_t> errand_bytes;
    std::array<std::atomic<char>, stack_errand_max> errand;  ///< what request it ran
    /// Addresses of the instructions, the innermost first; of a caller: within its call.
    std::array<std::atomic<std::uint64_t>, stack_frames_max> frames;
};

/// What the crash handler adds.
struct crash_words {
    std::atomic<std::uint32_t> signal;
    std::atomic<std::uint32_t> code;     ///< si_code
    std::atomic<std::uint64_t> address;  ///< si_addr
    std::atomic<std::uint32_t> registers_known;
    std::array<std::atomic<std::uint64_t>, stack_registers_max> registers;
    std::atomic<std::uint32_t> type_bytes;  ///< of `exception`, which begins with its type's name
    std::atomic<std::uint32_t> exception_bytes;
    std::array<std::atomic<char>, stack_exception_max> exception;  ///< that nobody has caught
    stack_words stack;                                             ///< `round` 1: it is there
};

/// A signal that somebody else sent, and that ends this process.
struct sent_words {
    std::atomic<std::uint32_t> signal;  ///< last: with it the others count
    std::atomic<std::uint32_t> process;
    std::atomic<std::uint32_t> user;
    std::atomic<std::uint32_t> name_bytes;
    std::array<std::atomic<char>, stack_sender_max> name;
};

struct stack_words_of_all {
    std::uint64_t magic;
    std::uint64_t size;
    std::uint32_t layout;
    std::atomic<std::uint32_t> round;  ///< of the question; who asks adds one
    std::atomic<std::uint64_t>
        oldest_request_ns;                      ///< when it began, at the last beat; 0: none runs
    std::atomic<std::uint64_t> resident_bytes;  ///< its memory, likewise; 0: it cannot know
    std::atomic<std::uint32_t> build_id_bytes;
    std::array<std::atomic<std::uint8_t>, stack_build_id_max> build_id;  ///< of its program
    sent_words sent;
    crash_words crash;
    std::array<stack_words, stack_threads_max> threads;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<char>::is_always_lock_free);

/// A resource: the mapping. Children that this process forks do not have it.
class stack_sheet {
public:
    /// Errors: EMFILE, ENOMEM.
    [[nodiscard]] static result<stack_sheet> create();
    /// Maps one by its descriptor. Errors: errc::board_layout_mismatch.
    [[nodiscard]] static result<stack_sheet> attach(unique_fd fd);

    [[nodiscard]] const unique_fd& fd() const noexcept { return memory_.fd(); }
    [[nodiscard]] stack_words_of_all& words() const noexcept;

private:
    explicit stack_sheet(detail::sealed_memory memory) noexcept
        : memory_{std::move(memory)}
    {}

    detail::sealed_memory memory_;
};

/// One thread's stack, in range and printable. A value.
struct stack_reading {
    std::vector<std::uint64_t> frames;
    stack_end end = stack_end::whole;
    std::string errand;
};

/// What a crash handler left. A value.
struct crash_reading {
    int signal = 0;             ///< 0: it called exit()
    int code = 0;               ///< si_code
    std::uint64_t address = 0;  ///< si_addr, of a fault
    std::uint32_t thread = 0;
    std::vector<std::uint64_t> registers;  ///< as process/registers.hpp names them
    std::string exception_type;            ///< as the compiler writes it; empty: there was none
    std::string exception_says;
    stack_reading stack;
};

/// Who sent the signal that a worker died of. A value.
struct sender_reading {
    int signal = 0;
    std::uint32_t process = 0;
    std::uint32_t user = 0;
    std::string name;  ///< empty: it could not be asked
};

/// Nothing: it did not crash, or did not come so far.
[[nodiscard]] std::optional<crash_reading> read(const crash_words& of);

/// Nothing: nobody did, or it was a signal that nobody can catch.
[[nodiscard]] std::optional<sender_reading> read(const sent_words& of);

/// In hexadecimal digits; empty: it has none.
[[nodiscard]] std::string build_id_of(const stack_words_of_all& sheet);

/// Nothing: it did not answer this question.
[[nodiscard]] std::optional<stack_reading> read(const stack_words& of, std::uint32_t round);

}  // namespace cohort::board
