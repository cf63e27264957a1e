#pragma once

#include <cohort/testing/witness_body.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::testing::detail {

/// What the answer has to be.
struct expected_answer {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    /// Set: the body is this one, and no number is echoed. Empty until the first answer is here.
    std::optional<std::string>* body = nullptr;
};

/// What it was.
struct answer_seen {
    unsigned status = 0;
    bool keeps_alive = true;
    bool right = true;  ///< Number and body, as far as they came. Statuses but 200: anything is.
    std::uint32_t attempt = 1;
    std::optional<std::uint32_t> slot;
    std::uint64_t body_bytes = 0;
};

/// Reads one answer after the other from a connection's bytes, and compares while it reads. A
/// reader of its own, and stricter than a browser's: it is to find the mistakes of ours.
class answer_reader {
public:
    enum class state : std::uint8_t { reading, done, broken };

    /// For the next answer.
    void expect(const expected_answer& what);

    /// Eats from the front of `bytes`, up to the end of the answer.
    state feed(std::string_view& bytes);

    /// The connection ended cleanly: may be the end of the body.
    state end();

    /// Has a byte of the answer come?
    [[nodiscard]] bool begun() const noexcept { return begun_; }
    [[nodiscard]] const answer_seen& seen() const noexcept { return seen_; }
    /// Of a broken one.
    [[nodiscard]] std::string_view why() const noexcept { return why_; }
    /// The status line, for people.
    [[nodiscard]] const std::string& status_line() const noexcept { return status_line_; }

private:
    enum class step : std::uint8_t {
        head,
        fixed,
        until_end,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        done,
        broken
    };

    bool take_line(std::string_view& bytes);
    void head_line();
    void status(std::string_view line);
    void field(std::string_view name, std::string_view value);
    void head_complete();
    void chunk_line();
    void body(std::string_view& bytes);
    void compare(std::string_view piece);
    void complete();
    void broken(std::string_view why);

    expected_answer expected_;
    answer_seen seen_;
    step step_ = step::head;
    std::string line_;
    std::string status_line_;
    std::string plain_;
    std::string_view why_;
    std::uint64_t left_ = 0;
    std::size_t head_bytes_ = 0;
    std::optional<std::uint64_t> length_;
    std::optional<std::uint64_t> number_;
    bool chunked_ = false;
    bool begun_ = false;
};

}  // namespace cohort::testing::detail
