// Any record, whatever a wild pointer left of it: the verdict never leads outside the extents,
// never runs again what may not, and never sends what the kernel has.

#include <cohort/base/assert.hpp>
#include <cohort/net/adoption.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

using namespace cohort::net;
using cohort::board::mark;
using cohort::board::standing;
using cohort::board::stream_framing;

namespace {

/// Eats the input from its front; zeros behind its end.
class reader {
public:
    reader(const std::uint8_t* data, std::size_t size)
        : data_{data}, left_{size}
    {}

    template <class T>
    T number()
    {
        T value{};
        const std::size_t some = std::min(left_, sizeof value);
        if (some != 0)
            std::memcpy(&value, data_, some);
        data_ += some;
        left_ -= some;
        return value;
    }

    /// Near one of the positions that matter, or anywhere.
    std::uint64_t position(std::uint64_t near)
    {
        const auto how = number<std::uint8_t>();
        if (how < 200)
            return near + how - 100;
        return how < 220 ? number<std::uint16_t>() : number<std::uint64_t>();
    }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

adoption_input read(reader& from)
{
    adoption_input in;
    auto& state = in.state;
    state.now = static_cast<standing>(from.number<std::uint8_t>() % 8);
    state.marks = from.number<std::uint8_t>();
    const auto flags = from.number<std::uint8_t>();
    in.kernel.exact = (flags & 1) != 0;
    in.kernel.reset = (flags & 6) == 6;
    in.kernel.client_ended = (flags & 8) != 0;
    in.fault = static_cast<blame>((flags >> 4) % 4);
    state.crashes = from.number<std::uint8_t>();
    state.kills = from.number<std::uint8_t>();
    state.input.blocks = from.number<std::uint8_t>() % 3;
    in.input_bytes = std::uint64_t{state.input.blocks} * 16'384;
    in.output_bytes = (from.number<std::uint8_t>() % 3) * std::uint64_t{16'384};

    state.base = from.number<std::uint32_t>();
    state.parsed = from.position(state.base);
    in.taken = from.position(state.parsed);
    in.kernel.taken = from.position(in.taken);
    state.out_base = from.number<std::uint32_t>();
    state.composed = from.position(state.out_base + 200);
    state.answer = from.position(state.composed);
    in.given = from.position(state.composed);
    in.kernel.given = from.position(in.given);
    // Behind what older inputs have: zeros, then.
    const auto shape = from.number<std::uint8_t>();
    state.head = {static_cast<std::uint16_t>(190 + (shape & 0x3f)),
                  static_cast<stream_framing>(shape >> 6)};
    state.body = from.position(state.composed - state.answer);
    state.outside = from.number<std::uint8_t>();
    return in;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    reader from{data, size};
    const adoption_input in = read(from);
    const adoption_limits limits{.crashes_max = 2, .kills_max = 4, .outside_max = 32};
    const adoption_verdict verdict = adopt(in, limits);
    const auto& state = in.state;

    COHORT_ASSERT(verdict.what <= then::resume);
    COHORT_ASSERT(!verdict.why.empty());
    if (verdict.what == then::drop)
        return 0;

    // What is sent is in the output.
    if (verdict.given < verdict.composed) {
        COHORT_ASSERT(in.kernel.exact);
        COHORT_ASSERT(verdict.given >= state.out_base);
        COHORT_ASSERT(verdict.composed - state.out_base <= in.output_bytes);
    }
    const bool known = in.kernel.exact && !in.kernel.reset;
    COHORT_ASSERT(!known || verdict.given == in.kernel.given);
    COHORT_ASSERT(!known || verdict.taken == in.kernel.taken);
    if (verdict.what == then::close || state.now == standing::free)
        return 0;

    // What is served is in the input, and nothing of its answer is with the client.
    COHORT_ASSERT(state.base <= state.parsed && state.parsed <= verdict.taken);
    if (!state.has(mark::incomplete))
        COHORT_ASSERT(verdict.taken - state.base <= in.input_bytes);
    COHORT_ASSERT(verdict.given <= verdict.composed);
    COHORT_ASSERT(verdict.composed <= state.composed);
    if (verdict.what == then::resume) {
        COHORT_ASSERT(state.resumable() && !state.has(mark::incomplete));
        COHORT_ASSERT(verdict.composed == state.composed && state.parsed < verdict.taken);
        COHORT_ASSERT(verdict.body == state.body_composed() && state.answer > 0);
    }
    if (verdict.run_again) {
        COHORT_ASSERT(verdict.what == then::serve && state.has(mark::replayable));
        COHORT_ASSERT(!state.has(mark::incomplete) && state.parsed < verdict.taken);
        COHORT_ASSERT(verdict.crashes < limits.crashes_max && verdict.kills < limits.kills_max);
        COHORT_ASSERT(verdict.outside < limits.outside_max);
    }
    return 0;
}
