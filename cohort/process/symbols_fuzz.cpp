#include <cohort/base/assert.hpp>
#include <cohort/process/symbols.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

/// Whatever a program file says, as many answers come as there were questions.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    cohort::unique_fd file{::memfd_create("program", MFD_CLOEXEC)};
    if (!file.valid() || ::write(file.borrow(), bytes, size) != static_cast<ssize_t>(size))
        return 0;
    auto search = cohort::process::symbol_search::open(std::move(file), {0, 0x1000, 0x1010});
    if (!search)
        return 0;
    for (int steps = 0; steps < 64 && search->step(); ++steps) {
    }
    COHORT_ASSERT(search->found().size() == 3);
    COHORT_ASSERT(search->addresses().size() == 3);
    COHORT_ASSERT(search->build_id().size() <= 128);
    return 0;
}
