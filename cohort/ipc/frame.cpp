#include <cohort/ipc/frame.hpp>

#include <cohort/base/assert.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace cohort::ipc {

namespace {

static_assert(std::endian::native == std::endian::little, "the header is copied as it is");

/// Bodies up to this size are gathered in one allocation whatever has arrived of them.
constexpr std::size_t body_step_bytes = 256U << 10U;

/// Less than this is cheaper to copy out of the common read buffer than to receive by itself.
constexpr std::size_t direct_bytes_min = 16U << 10U;

namespace at {
constexpr std::size_t magic = 0;
constexpr std::size_t kind = 4;
constexpr std::size_t flags = 6;
constexpr std::size_t from = 8;
constexpr std::size_t to = 12;
constexpr std::size_t correlation = 16;
constexpr std::size_t body_bytes = 24;
constexpr std::size_t cargo = 28;
constexpr std::size_t zero = 30;
}  // namespace at

template <class T>
void put(frame_header_image& image, std::size_t where, T value) noexcept
{
    std::memcpy(image.data() + where, &value, sizeof value);
}

template <class T>
T get(const frame_header_image& image, std::size_t where) noexcept
{
    T value{};
    std::memcpy(&value, image.data() + where, sizeof value);
    return value;
}

/// Makes `text` that long; new characters are left as the allocator gave them, since every one is
/// written before it is counted as arrived. (The library of GCC 12 gives the operation its whole
/// capacity as the second argument, so the size is captured.)
void stretch(std::string& text, std::size_t size)
{
    text.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
}

}  // namespace

frame_header_image encode(const frame_header& header) noexcept
{
    frame_header_image image{};
    put(image, at::magic, frame_magic);
    put(image, at::kind, header.kind);
    put(image, at::flags, header.flags);
    put(image, at::from, header.from);
    put(image, at::to, header.to);
    put(image, at::correlation, header.correlation);
    put(image, at::body_bytes, header.body_bytes);
    put(image, at::cargo, header.cargo);
    return image;
}

result<frame_header> decode(const frame_header_image& image, const frame_limits& limits)
{
    if (get<std::uint32_t>(image, at::magic) != frame_magic)
        return failed(errc::malformed, "decode frame", "no frame begins here");
    if (get<std::uint16_t>(image, at::zero) != 0)
        return failed(errc::malformed, "decode frame", "a reserved field is not zero");

    const frame_header header{
        .kind = get<std::uint16_t>(image, at::kind),
        .flags = get<std::uint16_t>(image, at::flags),
        .from = get<std::uint32_t>(image, at::from),
        .to = get<std::uint32_t>(image, at::to),
        .correlation = get<std::uint64_t>(image, at::correlation),
        .body_bytes = get<std::uint32_t>(image, at::body_bytes),
        .cargo = get<std::uint16_t>(image, at::cargo),
    };
    if (header.body_bytes > limits.body_bytes_max)
        return failed(
            errc::too_large, "decode frame",
            fmt::format("a body of {} bytes, limit {}", header.body_bytes, limits.body_bytes_max));
    if (header.cargo > limits.cargo_max)
        return failed(errc::too_large, "decode frame",
                      fmt::format("{} descriptors, limit {}", header.cargo, limits.cargo_max));
    return header;
}

frame_decoder::found frame_decoder::next(std::string_view& bytes)
{
    if (broken_.why())
        return found::broken;

    if (!in_body_) {
        const auto n = std::min(frame_header_bytes - header_have_, bytes.size());
        std::copy_n(bytes.data(), n, head_.data() + header_have_);
        header_have_ += n;
        bytes.remove_prefix(n);
        if (header_have_ < frame_header_bytes)
            return found::need_more;

        auto header = decode(head_, limits_);
        if (!header) {
            broken_ = std::move(header).error();
            return found::broken;
        }
        header_ = *header;
        begin_body();
    }

    const auto n = std::min(missing(), bytes.size());
    if (n != 0) {
        if (body_have_ + n > body_.size())
            grow_body(body_have_ + n);
        std::copy_n(bytes.data(), n, body_.data() + body_have_);
        body_have_ += n;
        bytes.remove_prefix(n);
    }
    if (missing() != 0)
        return found::need_more;

    in_body_ = false;
    return found::frame;
}

std::string frame_decoder::take_body() noexcept
{
    COHORT_ASSERT(!in_body_ && missing() == 0);
    body_have_ = header_.body_bytes;
    return std::exchange(body_, {});
}

std::span<char> frame_decoder::direct_room()
{
    if (!in_body_ || missing() < direct_bytes_min)
        return {};
    if (body_.size() - body_have_ < std::min(missing(), direct_bytes_min))
        grow_body(body_have_ + direct_bytes_min);
    return {body_.data() + body_have_, body_.size() - body_have_};
}

void frame_decoder::filled(std::size_t bytes) noexcept
{
    COHORT_ASSERT(in_body_ && bytes <= body_.size() - body_have_);
    body_have_ += bytes;
}

void frame_decoder::begin_body()
{
    header_have_ = 0;
    in_body_ = true;
    body_have_ = 0;
    body_.clear();
    stretch(body_, std::min<std::size_t>(header_.body_bytes, body_step_bytes));
}

void frame_decoder::grow_body(std::size_t at_least)
{
    const auto doubled = std::max(at_least, body_.size() * 2);
    stretch(body_, std::min<std::size_t>(doubled, header_.body_bytes));
}

}  // namespace cohort::ipc
