#pragma once

#include <cohort/http/limits.hpp>
#include <cohort/http/violation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::http {

/// Takes the chunked coding off a body. A value, without I/O or allocation; knows nothing of
/// body_bytes_max: who receives the data counts it.
///
///     while (!bytes.empty() || …) {
///         const auto step = decoder.decode(bytes);
///         bytes.remove_prefix(step.consumed);
///         take(step.data);                       // may be empty
///         if (step.status != parse_status::need_more) break;
///     }
///
/// Extensions and trailer fields are checked and thrown away.
/// Source: RFC 9112 section 7.1.
class chunk_decoder {
public:
    struct step {
        parse_status status = parse_status::need_more;
        std::size_t consumed = 0;  ///< Bytes of the input that are done with, `data` included.
        std::string_view data;     ///< Body bytes: a part of the input, at its consumed end.
    };

    /// Lifetime: `bounds` must outlive the decoder.
    explicit chunk_decoder(const limits& bounds) noexcept;

    /// Reads on, up to the end of the next piece of data, of the body, or of `bytes`.
    ///
    /// @return need_more: feed the bytes after `consumed` (some may be left when `data` is not
    ///         empty); done: the body is over, what follows is the next request; refused: why().
    [[nodiscard]] step decode(std::string_view bytes) noexcept;

    /// What was wrong; its status is 0 unless decode() said `refused`.
    [[nodiscard]] const violation& why() const noexcept { return *why_; }

    /// Bytes of the present chunk that are still to come, as soon as its size line was read: a
    /// body that will be too large can be refused before it is sent. 0 between chunks.
    [[nodiscard]] std::uint64_t announced() const noexcept
    {
        return stage_ == stage::data ? left_ : 0;
    }

    void reset() noexcept { *this = chunk_decoder{*limits_}; }

private:
    enum class stage : std::uint8_t {
        size_first,
        size,
        size_space,
        name_first,  // of an extension
        name,
        name_space,
        value_first,
        value,
        value_space,
        quoted,
        quoted_pair,
        quoted_end,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        finished,
    };

    // Each takes one octet; the answer is the rule it breaks, or null.
    [[nodiscard]] const violation* take(char c) noexcept;
    [[nodiscard]] const violation* take_size(char c) noexcept;
    [[nodiscard]] const violation* take_extension(char c) noexcept;
    [[nodiscard]] const violation* take_quoted(char c) noexcept;
    [[nodiscard]] const violation* take_trailer(char c) noexcept;
    [[nodiscard]] const violation* start_trailer(char c) noexcept;
    [[nodiscard]] const violation* end_trailer_name(char c) noexcept;
    [[nodiscard]] const violation* end_line(char c, stage then) noexcept;
    [[nodiscard]] const violation* leave_extension(char c) noexcept;

    const limits* limits_;
    const violation* why_;
    std::uint64_t left_ = 0;              // of the chunk at hand; its size while that is read
    std::uint32_t extension_bytes_ = 0;   // of the chunk at hand
    std::uint32_t extensions_bytes_ = 0;  // of all chunks
    std::uint32_t trailer_bytes_ = 0;
    std::uint32_t trailer_fields_ = 0;
    stage stage_ = stage::size_first;
    std::uint8_t digits_ = 0;
    std::uint8_t name_length_ = 0;  // of a trailer field; stops at the size of name_
    std::array<char, 20> name_{};   // its first letters, in lower case
};

}  // namespace cohort::http
