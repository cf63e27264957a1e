#include <cohort/http/decoder.hpp>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>
#include <memory>

namespace cohort::http {

namespace {

constexpr std::size_t room_bytes = 16'384;
constexpr int zstd_window_bits_max = 23;

/// What came out, held against the limits as it comes.
class bounded_text {
public:
    bounded_text(std::size_t bytes_in, const decoder_limits& bounds) noexcept
        : bytes_in_{bytes_in}, bounds_{bounds}
    {}

    [[nodiscard]] bool add(const char* bytes, std::size_t count)
    {
        const std::size_t all = text_.size() + count;
        const bool dense = all > bounds_.ratio_free_bytes && all / bounds_.ratio_max >= bytes_in_;
        if (all > bounds_.bytes_max || dense)
            return false;
        text_.append(bytes, count);
        return true;
    }
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

private:
    std::size_t bytes_in_;
    const decoder_limits& bounds_;
    std::string text_;
};

std::unexpected<fault> too_large() { return failed(errc::too_large, "decompress a body"); }
std::unexpected<fault> malformed() { return failed(errc::malformed, "decompress a body"); }

result<std::string> from_gzip(std::string_view body, bounded_text out)
{
    z_stream stream{};
    if (body.size() > 0x7fff'ffff || ::inflateInit2(&stream, 15 + 16) != Z_OK)
        return failed(errc::not_supported, "start a decompressor");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> closer{&stream, &::inflateEnd};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    std::array<char, room_bytes> room;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        state = ::inflate(&stream, Z_NO_FLUSH);
        if (!out.add(room.data(), room.size() - stream.avail_out))
            return too_large();
        // A body may be several members, one behind the other (RFC 1952, 2.2).
        if (state == Z_STREAM_END && stream.avail_in != 0)
            state = ::inflateReset(&stream);
    }
    if (state != Z_STREAM_END || stream.avail_in != 0)
        return malformed();
    return out.take();
}

result<std::string> from_br(std::string_view body, bounded_text out)
{
    const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state{
        ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &::BrotliDecoderDestroyInstance};
    if (!state)
        return failed(errc::not_supported, "start a decompressor");
    const auto* next = reinterpret_cast<const std::uint8_t*>(body.data());
    std::size_t left = body.size();
    std::array<char, room_bytes> room;
    auto how = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (how == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        auto* to = reinterpret_cast<std::uint8_t*>(room.data());
        std::size_t free = room.size();
        how = ::BrotliDecoderDecompressStream(state.get(), &left, &next, &free, &to, nullptr);
        if (!out.add(room.data(), room.size() - free))
            return too_large();
    }
    if (how != BROTLI_DECODER_RESULT_SUCCESS || left != 0)
        return malformed();
    return out.take();
}

result<std::string> from_zstd(std::string_view body, bounded_text out)
{
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context{::ZSTD_createDCtx(),
                                                                          &::ZSTD_freeDCtx};
    if (!context || ::ZSTD_isError(::ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax,
                                                            zstd_window_bits_max)) != 0)
        return failed(errc::not_supported, "start a decompressor");
    ZSTD_inBuffer in{body.data(), body.size(), 0};
    std::array<char, room_bytes> room;
    std::size_t hint = 1;  // 0: a frame has ended, and all of it was given
    bool moved = true;
    while (moved && (hint != 0 || in.pos < in.size)) {
        const std::size_t before = in.pos;
        ZSTD_outBuffer made{room.data(), room.size(), 0};
        hint = ::ZSTD_decompressStream(context.get(), &made, &in);
        if (::ZSTD_isError(hint) != 0)
            return malformed();
        if (!out.add(room.data(), made.pos))
            return too_large();
        moved = in.pos != before || made.pos != 0;
    }
    if (hint != 0)
        return malformed();
    return out.take();
}

}  // namespace

result<std::string> decode(coding kind, std::string_view body, const decoder_limits& bounds)
{
    bounded_text out{body.size(), bounds};
    switch (kind) {
        case coding::gzip:
            return from_gzip(body, std::move(out));
        case coding::br:
            return from_br(body, std::move(out));
        case coding::zstd:
            return from_zstd(body, std::move(out));
    }
    return malformed();
}

}  // namespace cohort::http
