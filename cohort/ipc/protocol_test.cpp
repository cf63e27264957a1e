#include <cohort/ipc/protocol.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("a welcome survives the journey")
{
    ipc::welcome out;
    out.id = 7;
    out.slot = 3;
    out.app = "api \"quoted\"";
    out.balance = "sticky";
    out.beat = 250ms;
    out.stop_timeout = 30s;
    out.listen = {"tcp://127.0.0.1:0", "unix:@x"};
    out.log_level = "info";

    const auto in = ipc::decode<ipc::welcome>(ipc::encode(out));
    REQUIRE(in);
    CHECK(in->id == 7);
    CHECK(in->slot == 3);
    CHECK(in->app == out.app);
    CHECK(in->balance == "sticky");
    CHECK(in->beat == 250ms);
    CHECK(in->listen == out.listen);
}

TEST_CASE("a hello says who, and where it listens")
{
    ipc::hello out;
    out.pid = 4711;
    out.id = 7;
    out.slot = 3;
    out.leaving = true;
    out.endpoints = {1, 4'000'000'000};
    const auto in = ipc::decode<ipc::hello>(ipc::encode(out));
    REQUIRE(in);
    CHECK(in->version == ipc::protocol_version);
    CHECK(in->pid == 4711);
    CHECK(in->id == 7);
    CHECK(in->slot == 3);
    CHECK(in->leaving);
    CHECK(in->endpoints == out.endpoints);
    CHECK(ipc::decode<ipc::hello>(ipc::encode(ipc::hello{}))->endpoints.empty());
}

TEST_CASE("a farewell is read whatever the exception said")
{
    for (const std::string reason : {"no such table: é", "no such table: \xff\xc3"}) {
        const auto in =
            ipc::decode<ipc::farewell>(ipc::encode(ipc::farewell{.code = 1, .reason = reason}));
        REQUIRE(in);
        CHECK(in->code == 1);
        CHECK(in->reason.starts_with("no such table: "));
    }
}

TEST_CASE("a listen request keeps its optional mode, and its absence")
{
    ipc::listen_request out;
    out.where = "unix:/tmp/x";
    CHECK(!ipc::decode<ipc::listen_request>(ipc::encode(out))->unix_mode);
    out.unix_mode = 0777;
    CHECK(ipc::decode<ipc::listen_request>(ipc::encode(out))->unix_mode == 0777U);
}

TEST_CASE("an order to share says with whom, how much, and for how long")
{
    const ipc::share_order out{.slot = 4, .connections = 17, .budget = 2s};
    const auto in = ipc::decode<ipc::share_order>(ipc::encode(out));
    REQUIRE(in);
    CHECK(in->slot == 4);
    CHECK(in->connections == 17);
    CHECK(in->budget == 2s);
    CHECK(!ipc::decode<ipc::share_order>("{\"slot\":4,\"connections\":-1,\"budget_ns\":0}"));
}

TEST_CASE("confirmations are eight bytes each, and nothing else is taken for one")
{
    const std::vector<std::uint64_t> sequences{1, 2, 0xffff'ffff'ffff'ffff};
    const auto body = ipc::encode_taken(sequences);
    CHECK(body.size() == 24);
    CHECK(*ipc::decode_taken(body) == sequences);
    CHECK(ipc::decode_taken("")->empty());
    CHECK(!ipc::decode_taken("1234567"));
}

TEST_CASE("a failure crosses with its code, category and subject")
{
    const fault kernel({EADDRINUSE, boost::system::system_category()}, "listen on", "tcp://*:80");
    const fault there = ipc::decode_fault(ipc::encode(kernel), "listen on");
    CHECK(there.why() == kernel.why());
    CHECK(there.text() == kernel.text());

    const fault ours(make_error_code(errc::bad_value), "listen on", "nonsense");
    CHECK(ipc::decode_fault(ipc::encode(ours), "listen on").why() == errc::bad_value);
}

TEST_CASE("what is no control message is refused in words")
{
    for (const char* body : {"", "[]", "{}", "{\"id\":1}", "{\"id\":-1}", "nonsense"}) {
        const auto in = ipc::decode<ipc::welcome>(body);
        REQUIRE(!in);
        CHECK(in.error().why() == errc::malformed);
    }
    CHECK(!ipc::decode<ipc::drain_order>("{\"budget_ns\":\"1\",\"last\":true}"));
}

TEST_CASE("kinds and flags keep their numbers: who adds one raises primary::speech_number")
{
    const auto number = [](ipc::kind what) { return static_cast<int>(what); };
    CHECK(number(ipc::kind::user) == 1);
    CHECK(number(ipc::kind::hello) == 16);
    CHECK(number(ipc::kind::farewell) == 26);
    CHECK(number(ipc::kind::share) == 27);
    CHECK(number(ipc::kind::log_file) == 28);
    CHECK(number(ipc::kind::readiness_off) == 29);
    CHECK(number(ipc::kind::log_level) == 30);
    CHECK(ipc::flags::known == 31);
}
