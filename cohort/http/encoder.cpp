#include <cohort/http/encoder.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstddef>
#include <utility>

namespace cohort::http {

// Levels for answers that are made anew each time: the next ones cost more than they save.
namespace {

constexpr int gzip_level = 6;
constexpr int zstd_level = 3;
constexpr std::uint32_t br_quality = 4;
constexpr std::uint32_t br_window_bits = 18;
constexpr int zstd_window_bits = 18;
constexpr int gzip_window = 15 + 16;  // 16: with gzip's own head and checksum
constexpr std::size_t room_bytes = 16'384;

enum class step : std::uint8_t { more, flush, end };

}  // namespace

/// One library at work.
class encoder::engine {
public:
    virtual ~engine() = default;
    virtual void run(std::string_view piece, step how, std::string& out) = 0;
};

namespace {

class gzip_engine final : public encoder::engine {
public:
    [[nodiscard]] bool start()
    {
        begun_ = ::deflateInit2(&stream_, gzip_level, Z_DEFLATED, gzip_window, 8,
                                Z_DEFAULT_STRATEGY) == Z_OK;
        return begun_;
    }
    ~gzip_engine() override
    {
        if (begun_)
            ::deflateEnd(&stream_);
    }

    void run(std::string_view piece, step how, std::string& out) override
    {
        // zlib counts in 32 bits; bodies are bounded far below that.
        COHORT_ASSERT(piece.size() <= 0x7fff'ffff);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        stream_.avail_in = static_cast<uInt>(piece.size());
        const int order = how == step::end     ? Z_FINISH
                          : how == step::flush ? Z_SYNC_FLUSH
                                               : Z_NO_FLUSH;
        std::array<char, room_bytes> room;
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(room.data());
            stream_.avail_out = static_cast<uInt>(room.size());
            COHORT_ASSERT(::deflate(&stream_, order) != Z_STREAM_ERROR);
            out.append(room.data(), room.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
    }

private:
    z_stream stream_{};
    bool begun_ = false;
};

class br_engine final : public encoder::engine {
public:
    [[nodiscard]] bool start()
    {
        return state_ != nullptr &&
               ::BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, br_quality) &&
               ::BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, br_window_bits);
    }

    void run(std::string_view piece, step how, std::string& out) override
    {
        const auto order = how == step::end     ? BROTLI_OPERATION_FINISH
                           : how == step::flush ? BROTLI_OPERATION_FLUSH
                                                : BROTLI_OPERATION_PROCESS;
        const auto* next = reinterpret_cast<const std::uint8_t*>(piece.data());
        std::size_t left = piece.size();
        do {
            std::size_t no_room = 0;
            COHORT_ASSERT(::BrotliEncoderCompressStream(state_.get(), order, &left, &next, &no_room,
                                                        nullptr, nullptr));
            std::size_t made = 0;
            const auto* bytes = ::BrotliEncoderTakeOutput(state_.get(), &made);
            out.append(reinterpret_cast<const char*>(bytes), made);
        } while (left != 0 || ::BrotliEncoderHasMoreOutput(state_.get()));
    }

private:
    struct closer {
        void operator()(BrotliEncoderState* state) const noexcept
        {
            ::BrotliEncoderDestroyInstance(state);
        }
    };
    std::unique_ptr<BrotliEncoderState, closer> state_{
        ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)};
};

class zstd_engine final : public encoder::engine {
public:
    [[nodiscard]] bool start()
    {
        if (context_ == nullptr)
            return false;
        const auto set = [this](ZSTD_cParameter what, int value) {
            return ::ZSTD_isError(::ZSTD_CCtx_setParameter(context_.get(), what, value)) == 0;
        };
        return set(ZSTD_c_compressionLevel, zstd_level) &&
               set(ZSTD_c_windowLog, zstd_window_bits) && set(ZSTD_c_checksumFlag, 0);
    }

    void run(std::string_view piece, step how, std::string& out) override
    {
        const auto order = how == step::end     ? ZSTD_e_end
                           : how == step::flush ? ZSTD_e_flush
                                                : ZSTD_e_continue;
        ZSTD_inBuffer in{piece.data(), piece.size(), 0};
        std::array<char, room_bytes> room;
        std::size_t waiting = 0;
        do {
            ZSTD_outBuffer made{room.data(), room.size(), 0};
            waiting = ::ZSTD_compressStream2(context_.get(), &made, &in, order);
            COHORT_ASSERT(::ZSTD_isError(waiting) == 0);
            out.append(room.data(), made.pos);
        } while (how == step::more ? in.pos < in.size : waiting != 0);
    }

private:
    struct closer {
        void operator()(ZSTD_CCtx* context) const noexcept { ::ZSTD_freeCCtx(context); }
    };
    std::unique_ptr<ZSTD_CCtx, closer> context_{::ZSTD_createCCtx()};
};

template <class Engine>
std::unique_ptr<encoder::engine> started()
{
    auto made = std::make_unique<Engine>();
    if (!made->start())
        return nullptr;
    return made;
}

std::unique_ptr<encoder::engine> start(coding kind)
{
    switch (kind) {
        case coding::gzip:
            return started<gzip_engine>();
        case coding::br:
            return started<br_engine>();
        case coding::zstd:
            return started<zstd_engine>();
    }
    return nullptr;
}

}  // namespace

std::string_view name(coding of) noexcept
{
    switch (of) {
        case coding::gzip:
            return "gzip";
        case coding::br:
            return "br";
        case coding::zstd:
            return "zstd";
    }
    return "identity";
}

encoder::encoder(std::unique_ptr<engine> of) noexcept
    : engine_{std::move(of)}
{}
encoder::encoder(encoder&&) noexcept = default;
encoder& encoder::operator=(encoder&&) noexcept = default;
encoder::~encoder() = default;

result<encoder> encoder::make(coding kind)
{
    auto made = start(kind);
    if (!made)
        return failed(errc::not_supported, "start a compressor");
    return encoder{std::move(made)};
}

void encoder::add(std::string_view piece, std::string& out)
{
    if (!piece.empty())
        engine_->run(piece, step::more, out);
}

void encoder::flush(std::string& out) { engine_->run({}, step::flush, out); }
void encoder::finish(std::string& out) { engine_->run({}, step::end, out); }

result<std::string> encode(coding kind, std::string_view body)
{
    COHORT_TRY(encoder work, encoder::make(kind));
    std::string out;
    out.reserve(body.size() / 3 + 64);
    work.add(body, out);
    work.finish(out);
    return out;
}

}  // namespace cohort::http
