// Any bytes as an HTTP/2 client: whatever comes, requests that are told are ones that our own
// parser takes, streams are begun once and closed once, and memory stays bounded. The first byte
// says in what pieces the others come, and whether the preface is among them.

#include <cohort/base/assert.hpp>
#include <cohort/http/h2/connection.hpp>
#include <cohort/http/head_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::http;

namespace {

constexpr std::string_view beginning{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33};

struct source final : h2::body_source {
    step give(std::span<char> room) noexcept override
    {
        const std::size_t size = std::min(room.size(), left);
        std::fill_n(room.data(), size, 'x');
        left -= size;
        return {left == 0 ? step::kind::last : step::kind::more, size};
    }
    std::size_t left = 20'000;
};

struct answerer final : h2::connection_user {
    void request_came(arrival what) override
    {
        COHORT_ASSERT(what.stream > last);
        last = what.stream;
        if (what.verdict == h2::head_builder::verdict::whole) {
            head_parser parser{bounds};
            head again{};
            COHORT_ASSERT(parser.parse(what.text, again) == parse_status::done);
            COHORT_ASSERT(again.size == what.text.size());
            COHORT_ASSERT(what.text.size() <= bounds.head_bytes_max);
        } else {
            COHORT_ASSERT(what.why->status >= 400);
        }
        open.emplace(what.stream, source{});
        COHORT_ASSERT(open.size() <= own.streams_max);
        answered.push_back(what.stream);
    }
    void body_came(h2::stream_id stream, std::string_view piece) override
    {
        of->consumed(stream, piece.size());
    }
    void body_ended(h2::stream_id stream) override
    {
        if (stream % 3 == 0)
            of->reset(stream, h2::error_code::internal_error);
    }
    void stream_closed(h2::stream_id stream) noexcept override { open.erase(stream); }

    void answer()
    {
        for (const h2::stream_id each : answered) {
            const auto at = open.find(each);
            if (at != open.end())
                of->answer(each, text("x"), method::get, each % 4 == 1 ? &at->second : nullptr);
        }
        answered.clear();
    }

    limits bounds{.head_bytes_max = 4096};
    h2::options own{.streams_max = 10};
    h2::connection* of = nullptr;
    std::map<h2::stream_id, source> open;
    std::vector<h2::stream_id> answered;
    h2::stream_id last = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const unsigned shape = data[0];
    std::string bytes;
    if ((shape & 1U) == 0)
        bytes = std::string{beginning.data(), beginning.size()};
    bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = (shape >> 1U) == 0 ? bytes.size() : shape >> 1U;

    answerer user;
    h2::connection of{user.bounds, user.own, user, 1};
    user.of = &of;
    std::uint32_t second = 1;
    for (std::size_t at = 0; at < bytes.size() && !of.over(); at += step) {
        of.receive(std::string_view{bytes}.substr(at, step), second++);
        if (!of.is_broken())
            user.answer();
        std::string out;
        of.produce(out, 65'536);
        COHORT_ASSERT(out.size() <= 65'536 + 65'536);
    }
    of.drain();
    of.finish();
    std::string out;
    of.produce(out, 1U << 20);
    return 0;
}
