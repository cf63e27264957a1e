#include <cohort/base/assert.hpp>
#include <cohort/config/read.hpp>
#include <cohort/config/serialize.hpp>

#include <cstddef>
#include <cstdint>

/// Whatever the file says, a document without problems holds only usable settings, which survive
/// being sent, and every problem has words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace cohort::config;
    const document all = read_toml({reinterpret_cast<const char*>(bytes), size}, "fuzz.toml");
    if (all.usable()) {
        for (const settings& s : all.apps) {
            COHORT_ASSERT(problems(s).empty());
            COHORT_ASSERT(deserialize(serialize(s)) == s);
        }
    }
    for (const problem& p : all.problems)
        COHORT_ASSERT(!p.words.empty() && !p.text().empty());
    return 0;
}
