#include <cohort/base/assert.hpp>
#include <cohort/process/program_map.hpp>
#include <cohort/process/thread_view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// Whatever is said of a process, an address is found only where it lies.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(bytes), size};
    const auto all = cohort::process::program_map::parse(text);
    for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{0x1000},
                                        std::uint64_t{0x55d0c0002010}, ~std::uint64_t{0}})
    {
        const auto* const found = all.at(address);
        COHORT_ASSERT(found == nullptr || (found->begin <= address && address < found->end));
    }
    if (const auto seen = cohort::process::parse_thread_status(text)) {
        COHORT_ASSERT(seen->name.size() <= 200);
        COHORT_ASSERT(std::ranges::none_of(seen->name, [](char c) { return c < ' ' || c > '~'; }));
    }
    return 0;
}
