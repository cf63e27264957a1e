#include <cohort/process/seat_lock.hpp>

#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/twin.hpp>

#include <sys/wait.h>

#include <csignal>

using namespace cohort;
using namespace cohort::process;

namespace {

/// What a twin has at hand.
struct sitter {
    board::journal_header* journal;
    std::atomic<std::uint64_t>* word;
};

void sit_for_ever(void* argument) noexcept
{
    auto& with = *static_cast<sitter*>(argument);
    const auto how = seat_lock{*with.journal}.acquire();
    with.word[0].store(how ? 1 + static_cast<std::uint64_t>(*how) : 99);
    for (;;)
        ::pause();
}

twin seat_a_twin(sitter& with)
{
    auto maker = twin_maker::prepare(kit::permit());
    REQUIRE(maker);
    auto made = maker->make(sit_for_ever, &with);
    REQUIRE(made);
    return std::move(*made);
}

void end(const twin& which)
{
    kit::kill_by(which.pidfd, SIGKILL);
    siginfo_t info{};
    CHECK(::waitid(P_PID, static_cast<id_t>(which.pid), &info, WEXITED) == 0);
    CHECK(info.si_status == SIGKILL);
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("a seat is taken once, given away, and taken again")
{
    auto journal = kit::make_journal();
    seat_lock seat{journal.header()};
    REQUIRE(seat.init());
    auto first = seat.acquire();
    REQUIRE(first);
    CHECK(*first == seating::fresh);
    auto second = seat.try_acquire();
    REQUIRE(second);
    CHECK_FALSE(second->has_value());
    CHECK(seat.release());
    CHECK_FALSE(seat.release());
    second = seat.try_acquire();
    REQUIRE(second);
    CHECK(**second == seating::fresh);
    CHECK(seat.release());
}

TEST_CASE("the death of who has the seat is told to the next one, and to the one after him")
{
    auto journal = kit::make_journal();
    seat_lock seat{journal.header()};
    REQUIRE(seat.init());
    kit::shared_words words;
    sitter with{&journal.header(), words.word};
    for (std::uint64_t round = 0; round < 20; ++round) {
        words.word[0].store(0);
        const twin first = seat_a_twin(with);
        REQUIRE(kit::comes_true([&] { return words.word[0].load() != 0; }));
        CHECK(words.word[0].load() == (round == 0 ? 1U : 2U));
        CHECK_FALSE(seat.release());  // not ours to give
        words.word[0].store(0);
        const twin next = seat_a_twin(with);
        end(first);
        REQUIRE(kit::comes_true([&] { return words.word[0].load() != 0; }));
        CHECK(words.word[0].load() == 2);
        end(next);
    }
    auto last = seat.try_acquire();
    REQUIRE(last);
    CHECK(**last == seating::owner_died);
    CHECK(seat.release());
}

TEST_CASE("a seat that was written over is usable once it is made again")
{
    auto journal = kit::make_journal();
    std::memset(journal.header().seat.data(), 0xa5, journal.header().seat.size());
    seat_lock seat{journal.header()};
    REQUIRE(seat.init());
    CHECK(seat.acquire());
    CHECK(seat.release());
}

TEST_SUITE_END();
