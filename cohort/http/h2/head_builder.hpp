#pragma once

#include <cohort/http/head.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http::h2 {

/// Makes the head of an HTTP/1.1 request of an HTTP/2 field block, so that one parser decides what
/// a request may be, and handlers cannot tell the versions apart. A value; no I/O.
///
/// Pseudo-headers become the request line and Host, crumbs of Cookie are joined, all else stays as
/// it came. Source: RFC 9113 section 8.
class head_builder {
public:
    /// What became of a field block.
    enum class verdict : std::uint8_t {
        whole,      ///< text() and the head are ready.
        malformed,  ///< No request at all: reset the stream with PROTOCOL_ERROR. See why().
        refused,    ///< A request, but not one that we take: answer with why().
    };

    /// Whether the stream ends with this block.
    enum class body : std::uint8_t { none, follows };

    /// Lifetime: `bounds` must outlive it.
    explicit head_builder(const limits& bounds) noexcept
        : limits_{&bounds}
    {}

    /// Fit for the next block.
    void begin() noexcept;

    /// The next field, decoded. What is beyond the limits is not kept.
    void add(std::string_view name, std::string_view value);

    /// The block is complete. Writes `out` unless it is malformed.
    [[nodiscard]] verdict end(body after, head& out);

    [[nodiscard]] const violation& why() const noexcept { return why_; }

    /// The head that end() parsed; `out` has offsets into it. Moved out.
    [[nodiscard]] std::string take_text() noexcept { return std::move(text_); }

    /// "GET", for the answer to what was refused.
    [[nodiscard]] std::string_view method() const noexcept { return method_; }

private:
    void add_pseudo(std::string_view name, std::string_view value);
    void add_field(std::string_view name, std::string_view value);
    void add_crumb(std::string_view value);
    void set(std::string& where, std::string_view value, std::uint8_t bit);
    void malformed(const violation& why) noexcept;
    [[nodiscard]] bool is_complete() noexcept;
    void compose();

    const limits* limits_;
    violation why_{};
    std::string method_;
    std::string scheme_;
    std::string path_;
    std::string authority_;
    std::string host_;
    std::string lines_;
    std::string cookie_;
    std::string text_;
    std::size_t bytes_ = 0;
    std::uint32_t fields_ = 0;
    std::uint8_t seen_ = 0;
    bool regular_ = false;  // pseudo-headers may come no more
    bool over_ = false;     // beyond the limits: nothing more is kept
    bool malformed_ = false;
};

}  // namespace cohort::http::h2
