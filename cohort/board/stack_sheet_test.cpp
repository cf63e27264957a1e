#include <cohort/board/stack_sheet.hpp>

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <string_view>

using namespace cohort;
using namespace cohort::board;

namespace {

void write(stack_words& to, std::uint32_t round, std::uint32_t depth)
{
    for (std::uint32_t i = 0; i < depth && i < stack_frames_max; ++i)
        to.frames[i] = 0x1000 + i;
    to.depth = depth;
    to.round = round;
}

}  // namespace

TEST_CASE("what one process writes on a sheet, the other reads")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    auto again = duplicate(made->fd());
    REQUIRE(again);
    const auto seen = stack_sheet::attach(*std::move(again));
    REQUIRE(seen);
    write(made->words().threads[3], 1, 2);
    const auto stack = read(seen->words().threads[3], 1);
    REQUIRE(stack);
    CHECK(stack->frames == std::vector<std::uint64_t>{0x1000, 0x1001});
    CHECK(stack->end == stack_end::whole);
    CHECK(stack->errand.empty());
}

TEST_CASE("an answer to an earlier question is none")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    stack_words& row = made->words().threads[0];
    CHECK_FALSE(read(row, 0));
    write(row, 1, 1);
    CHECK_FALSE(read(row, 2));
    CHECK(read(row, 1));
}

TEST_CASE("whatever a worker wrote, what is read of it is in range and can be printed")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    stack_words& row = made->words().threads[0];
    write(row, 1, 4'000'000'000);
    row.end = 77;
    row.errand_bytes = 4'000'000'000;
    row.errand[0] = 'G';
    row.errand[1] = '\n';
    row.errand[2] = '\x1b';
    row.errand[3] = static_cast<char>(0xff);
    const auto stack = read(row, 1);
    REQUIRE(stack);
    CHECK(stack->frames.size() == stack_frames_max);
    CHECK(stack->end == stack_end::unreadable);
    CHECK(stack->errand.size() == stack_errand_max);
    CHECK(stack->errand.starts_with("G???"));
}

TEST_CASE("a crash is there once its signal is, and its stack as far as it was followed")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    crash_words& crash = made->words().crash;
    CHECK_FALSE(read(crash));
    crash.signal = 11;
    crash.address = 0x1230;
    auto seen = read(crash);
    REQUIRE(seen);
    CHECK(seen->address == 0x1230);
    CHECK(seen->stack.frames.empty());
    CHECK(seen->stack.end == stack_end::unreadable);
    write(crash.stack, 1, 2);
    seen = read(crash);
    REQUIRE(seen);
    CHECK(seen->stack.end == stack_end::whole);
    CHECK(seen->signal == 11);
    CHECK(seen->address == 0x1230);
    CHECK(seen->stack.frames.size() == 2);
}

TEST_CASE("a crash has its registers and its exception, in range whatever was written")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    crash_words& crash = made->words().crash;
    write(crash.stack, 1, 1);
    crash.registers_known = 4'000'000'000;
    crash.registers[1] = 0xfeed;
    const std::string_view text = "St9bad_allocno\nroom";
    for (std::size_t i = 0; i < text.size(); ++i)
        crash.exception[i] = text[i];
    crash.type_bytes = 12;
    crash.exception_bytes = static_cast<std::uint32_t>(text.size());
    auto seen = read(crash);
    REQUIRE(seen);
    CHECK(seen->registers.size() == stack_registers_max);
    CHECK(seen->registers[1] == 0xfeed);
    CHECK(seen->exception_type == "St9bad_alloc");
    CHECK(seen->exception_says == "no?room");
    crash.type_bytes = 4'000'000'000;
    crash.exception_bytes = 4'000'000'000;
    seen = read(crash);
    REQUIRE(seen);
    CHECK(seen->exception_type.size() == stack_exception_max);
    CHECK(seen->exception_says.empty());
}

TEST_CASE("who has sent a signal is there once the signal is; a build id is digits")
{
    const auto made = stack_sheet::create();
    REQUIRE(made);
    sent_words& sent = made->words().sent;
    sent.process = 71;
    sent.name[0] = 's';
    sent.name[1] = 'h';
    sent.name_bytes = 2;
    CHECK_FALSE(read(sent));
    sent.signal = 11;
    const auto seen = read(sent);
    REQUIRE(seen);
    CHECK(seen->process == 71);
    CHECK(seen->name == "sh");
    CHECK(build_id_of(made->words()).empty());
    made->words().build_id[0] = 0xc0;
    made->words().build_id[1] = 0x0f;
    made->words().build_id_bytes = 2;
    CHECK(build_id_of(made->words()) == "c00f");
    made->words().build_id_bytes = 4'000'000'000;
    CHECK(build_id_of(made->words()).size() == 2 * stack_build_id_max);
}

TEST_CASE("memory that is no sheet is refused")
{
    unique_fd plain{::memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    REQUIRE(::ftruncate(plain.borrow(), sizeof(stack_words_of_all)) == 0);
    CHECK_FALSE(stack_sheet::attach(std::move(plain)));
    const auto made = stack_sheet::create();
    REQUIRE(made);
    made->words().layout = stack_layout_number + 1;
    auto again = duplicate(made->fd());
    REQUIRE(again);
    CHECK(stack_sheet::attach(*std::move(again)).error().why() == errc::board_layout_mismatch);
}
