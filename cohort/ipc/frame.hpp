#pragma once
// How an envelope looks as bytes. A pure automaton: no socket, no clock.
//
//      0        4      6       8       12      16             24           28       30     32
//     +--------+------+-------+-------+-------+--------------+------------+--------+------+------
//     | magic  | kind | flags | from  | to    | correlation  | body_bytes | cargo  | zero | body…
//     +--------+------+-------+-------+-------+--------------+------------+--------+------+------
//
// All little-endian. `cargo` counts the descriptors that travel beside the bytes (ipc/cargo).

#include <cohort/base/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort::ipc {

inline constexpr std::uint32_t frame_magic = 0x31545243;  // "CRT1"
inline constexpr std::size_t frame_header_bytes = 32;
inline constexpr std::size_t cargo_max = 253;  ///< SCM_MAX_FD of the kernel.

/// What a frame may be at most. A value.
struct frame_limits {
    std::uint32_t body_bytes_max = 64U << 20U;
    std::uint16_t cargo_max = ipc::cargo_max;
};

/// The fixed part of a frame. A value.
struct frame_header {
    std::uint16_t kind = 0;
    std::uint16_t flags = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint64_t correlation = 0;
    std::uint32_t body_bytes = 0;
    std::uint16_t cargo = 0;

    friend bool operator==(const frame_header&, const frame_header&) = default;
};

using frame_header_image = std::array<char, frame_header_bytes>;

/// Never fails: limits are the sender's to check before it queues.
[[nodiscard]] frame_header_image encode(const frame_header& header) noexcept;

/// Errors: errc::malformed, not a frame of ours; errc::too_large, over `limits`. Either way the
/// stream cannot be followed any further.
[[nodiscard]] result<frame_header> decode(const frame_header_image& image,
                                          const frame_limits& limits);

/// Finds frames in a stream that arrives in pieces of any size. A value, move-only.
///
///     decoder.begin(bytes);                       // a piece arrived
///     while (decoder.next() == frame_decoder::found::frame) use(decoder.header(), …take_body());
///
/// Memory grows with the bytes that came, never with a length that a header merely claims.
class frame_decoder {
public:
    enum class found : std::uint8_t { need_more, frame, broken };

    explicit frame_decoder(frame_limits limits = {}) noexcept
        : limits_{limits}
    {}
    frame_decoder(frame_decoder&&) noexcept = default;
    frame_decoder& operator=(frame_decoder&&) noexcept = default;

    /// Eats `bytes` from the front, at most to the end of one frame.
    /// `frame`: header() and take_body() are the frame, and next() goes on behind it.
    /// `need_more`: `bytes` is empty now. `broken`: see broken(); the decoder is finished.
    [[nodiscard]] found next(std::string_view& bytes);

    [[nodiscard]] const frame_header& header() const noexcept { return header_; }
    [[nodiscard]] std::string take_body() noexcept;

    /// Why next() said `broken`.
    [[nodiscard]] const fault& broken() const noexcept { return broken_; }

    /// Is a frame begun and not complete? An end of stream now cuts a message in two.
    [[nodiscard]] bool inside() const noexcept { return header_have_ != 0 || in_body_; }

    /// A large body is under way: room to receive its next bytes in place, without a copy.
    /// Empty otherwise. Follow with filled(n), n <= size; then next() as usual.
    [[nodiscard]] std::span<char> direct_room();
    void filled(std::size_t bytes) noexcept;

private:
    void begin_body();
    void grow_body(std::size_t at_least);
    [[nodiscard]] std::size_t missing() const noexcept { return header_.body_bytes - body_have_; }

    frame_limits limits_;
    frame_header header_;
    frame_header_image head_{};
    std::size_t header_have_ = 0;
    std::string body_;           // size() is what has been allocated and may be written
    std::size_t body_have_ = 0;  // what has arrived
    bool in_body_ = false;
    fault broken_{error_code{}, "decode frame"};
};

}  // namespace cohort::ipc
