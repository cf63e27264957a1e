#include <cohort/process/notice.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

notice read(std::string_view text)
{
    auto said = parse_notice(text);
    REQUIRE_MESSAGE(said.has_value(), (said ? "" : said.error().text()));
    return *std::move(said);
}

}  // namespace

TEST_CASE("a program says that it is ready, and what it does")
{
    const notice said = read("READY=1\nSTATUS=8 connections\nMAINPID=4711\n");
    CHECK(said.ready);
    CHECK(said.status == "8 connections");
    CHECK(said.main_pid == 4711);
    CHECK_FALSE(said.reloading);
    CHECK(said.oddity.empty());
}

TEST_CASE("every word of sd_notify is understood")
{
    CHECK(read("STOPPING=1").stopping);
    CHECK(read("WATCHDOG=1").watchdog_alive);
    CHECK(read("WATCHDOG=trigger").watchdog_trigger);
    CHECK(read("WATCHDOG_USEC=20000000").watchdog == 20s);
    CHECK(read("EXTEND_TIMEOUT_USEC=5000000").extension == 5s);
    CHECK(read("ERRNO=2").error == 2);
    CHECK(read("EXIT_STATUS=3").exit_status == 3);
    CHECK(read("BARRIER=1").barrier);
    const notice reload = read("RELOADING=1\nMONOTONIC_USEC=1500000");
    CHECK(reload.reloading);
    CHECK(reload.moment == 1500ms);
    const notice parked = read("FDSTORE=1\nFDNAME=web");
    CHECK(parked.store);
    CHECK(parked.store_name == "web");
    CHECK(read("FDSTOREREMOVE=1\nFDNAME=web").unstore);
}

TEST_CASE("names that nobody knows are passed over")
{
    const notice said = read("X_MINE=42\nVARLINKERROR=org.x\nREADY=1");
    CHECK(said.ready);
    CHECK(said.oddity.empty());
}

TEST_CASE("a value that makes no sense is passed over, named, and spoils nothing else")
{
    for (const char* odd :
         {"READY=0", "READY=yes", "MAINPID=0", "MAINPID=-4", "MAINPID=12x", "WATCHDOG=2",
          "WATCHDOG_USEC=", "WATCHDOG_USEC=-1", "ERRNO=99999", "WATCHDOG_USEC=18446744073709551615",
          "EXIT_STATUS=256", "FDNAME=a:b", "FDNAME=", "no assignment", "=1"})
    {
        const notice said = read(std::string{"STATUS=fine\n"} + odd + "\nSTOPPING=1");
        CAPTURE(odd);
        CHECK(said.oddity == odd);
        CHECK(said.status == "fine");
        CHECK(said.stopping);
        CHECK_FALSE(said.ready);
        CHECK_FALSE(said.main_pid);
        CHECK_FALSE(said.watchdog);
    }
}

TEST_CASE("a message without words, or with a NUL, or too long, is none")
{
    CHECK(parse_notice("").error().why() == errc::malformed);
    CHECK(parse_notice("\n\n").error().why() == errc::malformed);
    CHECK(parse_notice(std::string_view{"READY=1\0", 8}).error().why() == errc::malformed);
    CHECK(parse_notice(std::string(4097, 'a')).error().why() == errc::too_large);
}

TEST_CASE("a status is cut where a character ends, and moves no terminal")
{
    CHECK(read("STATUS=\x1b[31mred\x7f").status == "?[31mred?");
    CHECK(read("STATUS=\xc2\x9b"
               "2J\xff")
              .status == "?2J?");
    std::string umlauts;
    for (int i = 0; i < 300; ++i)
        umlauts += "ä";
    CHECK(read("STATUS=" + umlauts).status == umlauts.substr(0, 512));
    CHECK(read("STATUS=x" + umlauts).status->size() == 511);
    CHECK(read("STATUS=").status == "");
}
