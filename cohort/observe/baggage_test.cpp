#include <cohort/observe/baggage.hpp>

#include <doctest/doctest.h>

#include <string>

using cohort::observe::baggage;
using cohort::observe::parse_pairs;

TEST_CASE("baggage is read, decoded, and written as it can be read again")
{
    const auto found = baggage::parse("userId=alice, serverNode = DF%2028 ;ttl=3; secret ,x=");
    REQUIRE(found);
    CHECK(found->find("userId") == "alice");
    CHECK(found->find("serverNode") == "DF 28");
    CHECK(found->find("x") == "");
    CHECK_FALSE(found->find("userid"));
    CHECK(found->text() == "userId=alice,serverNode=DF%2028;ttl=3;secret,x=");
    CHECK(baggage::parse(found->text()) == found);
    CHECK(baggage::parse("a=1,a=2")->text() == "a=2");
    CHECK(baggage::parse("k=a=b")->find("k") == "a=b");
    CHECK(baggage::parse("")->empty());
}

TEST_CASE("baggage with anything malformed in it is none")
{
    for (const char* const wrong : {"a", "=1", "a b=1", "a=1 2", "a=%", "a=%4", "a=%4x", "a=\"1\"",
                                    "a=1;=2", "a=1;b c", "a=\xc3\xa9", "a=1;b=\x01", "a=1;;b"})
    {
        CAPTURE(wrong);
        CHECK_FALSE(baggage::parse(wrong));
    }
}

TEST_CASE("baggage is bounded, whoever adds to it")
{
    std::string many = "a=1";
    for (std::size_t i = 1; i < baggage::members_max; ++i)
        many += ",k" + std::to_string(i) + "=1";
    auto full = baggage::parse(many);
    REQUIRE(full);
    CHECK_FALSE(baggage::parse(many + ",more=1"));
    CHECK_FALSE(full->set("more", "1"));
    CHECK(full->set("a", "2"));
    full->erase("k1");
    CHECK(full->set("more", "caf\xc3\xa9, \"\\;%"));
    CHECK(full->find("more") == "caf\xc3\xa9, \"\\;%");
    CHECK(full->text().ends_with("more=caf%C3%A9%2C%20%22%5C%3B%25"));
    CHECK_FALSE(full->set("no token", "1"));

    baggage large;
    CHECK_FALSE(large.set("a", std::string(baggage::bytes_max, 'x')));
    CHECK_FALSE(large.set("a", std::string(3000, ' ')));  // three bytes each
    CHECK(large.set("a", std::string(5000, 'x')));
    CHECK_FALSE(large.set("b", std::string(5000, 'x')));
    CHECK(large.members().size() == 1);
    CHECK_FALSE(baggage::parse(std::string(baggage::bytes_max + 1, ',')));
}

TEST_CASE("pairs of environment variables are read, with spaces in their values")
{
    const auto pairs = parse_pairs("Authorization=Basic a%3Db, x-tenant =7,");
    REQUIRE(pairs);
    REQUIRE(pairs->size() == 2);
    CHECK((*pairs)[0].key == "Authorization");
    CHECK((*pairs)[0].value == "Basic a=b");
    CHECK((*pairs)[1].key == "x-tenant");
    CHECK((*pairs)[1].value == "7");
    CHECK(parse_pairs("")->empty());
    for (const char* const wrong : {"a", "=1", "a=%4", "a=b;c=\"d\""}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_pairs(wrong));
    }
}
