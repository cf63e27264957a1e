// A stream of frames in pieces of any size must decode to the same frames as in one piece, and
// never cost more memory than what came. The first byte of the input chooses the cuts.
#include <cohort/base/assert.hpp>
#include <cohort/ipc/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::ipc;

namespace {

struct outcome {
    std::vector<frame_header> headers;
    std::string bodies;
    bool broken = false;
    bool inside = false;

    friend bool operator==(const outcome&, const outcome&) = default;
};

/// Eats one piece; false once the stream is broken.
bool feed(frame_decoder& decoder, std::string_view piece, outcome& into)
{
    for (;;) {
        const auto what = decoder.next(piece);
        if (what == frame_decoder::found::need_more) {
            COHORT_ASSERT(piece.empty());
            return true;
        }
        if (what == frame_decoder::found::broken) {
            into.broken = true;
            return false;
        }
        into.headers.push_back(decoder.header());
        const auto body = decoder.take_body();
        COHORT_ASSERT(body.size() == decoder.header().body_bytes);
        into.bodies += body;
    }
}

outcome decode_in_pieces(std::string_view stream, std::size_t step)
{
    frame_decoder decoder;
    outcome made;
    while (!stream.empty()) {
        // Every other piece goes the direct way if there is one.
        const auto room = decoder.direct_room();
        const auto direct = std::min({room.size(), stream.size(), step * 7});
        if (direct != 0) {
            std::memcpy(room.data(), stream.data(), direct);
            decoder.filled(direct);
            stream.remove_prefix(direct);
        }
        const auto n = std::min(step, stream.size());
        const bool goes_on = feed(decoder, stream.substr(0, n), made);
        stream.remove_prefix(n);
        if (!goes_on)
            break;
    }
    if (!made.broken)
        static_cast<void>(feed(decoder, {}, made));
    made.inside = !made.broken && decoder.inside();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view stream{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto whole = decode_in_pieces(stream, std::max<std::size_t>(stream.size(), 1));
    const auto pieces = decode_in_pieces(stream, std::size_t{data[0]} + 1);
    COHORT_ASSERT(whole == pieces);
    for (const frame_header& header : whole.headers) {
        const auto again = decode(encode(header), {});
        COHORT_ASSERT(again && *again == header);
    }
    return 0;
}
