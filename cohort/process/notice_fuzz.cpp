#include <cohort/base/assert.hpp>
#include <cohort/process/notice.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// Whatever a program says, what we keep of it is bounded and can be printed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(bytes), size};
    const auto said = cohort::process::parse_notice(text);
    if (!said)
        return 0;
    const auto moves_terminals = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    COHORT_ASSERT(said->oddity.size() <= 80);
    COHORT_ASSERT(std::ranges::none_of(said->oddity, moves_terminals));
    if (said->status) {
        COHORT_ASSERT(said->status->size() <= 512);
        COHORT_ASSERT(std::ranges::none_of(*said->status, moves_terminals));
    }
    if (said->store_name)
        COHORT_ASSERT(said->store_name->size() <= 255 && !said->store_name->empty());
    for (const auto& span : {said->watchdog, said->extension, said->moment})
        COHORT_ASSERT(!span || std::chrono::nanoseconds{*span}.count() >= 0);
    COHORT_ASSERT(!said->main_pid || *said->main_pid > 0);
    // The same message says the same.
    COHORT_ASSERT(cohort::process::parse_notice(text) == *said);
    return 0;
}
