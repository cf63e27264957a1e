#include <cohort/base/assert.hpp>
#include <cohort/process/manifest.hpp>

#include <cstddef>
#include <cstdint>

/// Whatever is accepted is written back as it was, byte for byte: there is one spelling.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(bytes), size};
    const auto list = cohort::process::parse_manifest(text);
    if (list) {
        const auto again = cohort::process::encode(*list);
        COHORT_ASSERT(again && *again == text);
    }
    return 0;
}
