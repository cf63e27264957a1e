// Any body must decode to a message or to a fault; what decodes must survive another journey.
#include <cohort/base/assert.hpp>
#include <cohort/ipc/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    ipc::envelope came{1, std::string{reinterpret_cast<const char*>(data), size}};
    came.flags = ipc::flags::json;
    // The first byte says whether there is to be an origin, and which flags that nobody knows.
    const auto wild = static_cast<std::uint16_t>(
        size != 0 ? data[0] & ipc::flags::of_this_room & ~ipc::flags::known : 0);
    if (size != 0 && (data[0] & 1U) != 0)
        came.flags |= ipc::flags::origin;
    came.flags |= wild;
    auto what = message::decode(std::move(came));
    COHORT_ASSERT(wild == 0 || !what);
    if (!what)
        return 0;
    const auto value = what->json();
    const std::string origin = what->origin();
    auto sealed = message::encode(*what, 1);
    if (!sealed)
        return 0;  // an infinity, which we do not send
    const auto again = message::decode(std::move(*sealed));
    COHORT_ASSERT(again && again->json() == value && again->origin() == origin);
    return 0;
}
