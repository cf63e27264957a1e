// A note in every program that is linked with the library, by which `cohort run` knows it: such a
// program supervises itself (cli/elf.hpp). It survives strip(1).

#include <cohort/app/program_note.hpp>

#include <cstdint>

namespace cohort::detail {

namespace {

struct note {
    std::uint32_t name_size;
    std::uint32_t words_size;
    std::uint32_t type;
    char name[8];
    std::uint32_t layout;
};

[[gnu::used, gnu::section(".note.cohort"), gnu::aligned(4)]] constexpr note mark{
    .name_size = 7, .words_size = 4, .type = 1, .name = "Cohort", .layout = 1};

}  // namespace

void keep_program_note() noexcept
{
    // Only who calls this gets our object out of the archive.
    asm volatile("" : : "r"(&mark));
}

}  // namespace cohort::detail
