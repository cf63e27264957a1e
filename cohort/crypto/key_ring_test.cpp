#include <cohort/crypto/key_ring.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace cohort::crypto;

namespace {

const std::string newer = "text:" + std::string(32, 'n');
const std::string older = "text:" + std::string(32, 'o');

}  // namespace

TEST_CASE("the first secret signs, all of them verify")
{
    const auto before = key_ring::parse(older)->keys_for("test");
    const auto after = key_ring::parse(newer + "\n" + older + "\n")->keys_for("test");

    const digest old_code = before.sign("hello");
    CHECK(before.verify("hello", old_code.view()) == 0U);
    CHECK(after.verify("hello", old_code.view()) == 1U);
    CHECK(after.verify("hello", after.sign("hello").view()) == 0U);
    CHECK_FALSE(before.verify("hello", after.sign("hello").view()));
    CHECK_FALSE(after.verify("hellO", old_code.view()));
    CHECK_FALSE(after.verify("hello", old_code.view().substr(0, 31)));
    CHECK_FALSE(after.verify("hello", ""));
}

TEST_CASE("the first secret seals, all of them open")
{
    const auto before = key_ring::parse(older)->keys_for("test");
    const auto after = key_ring::parse(newer + "\n" + older)->keys_for("test");

    const auto opened = after.open(before.seal({.plain = "hello", .place = "p"}), "p");
    REQUIRE(opened);
    CHECK(opened->plain == "hello");
    CHECK(opened->key == 1U);
    CHECK(after.open(after.seal({.plain = "hello"}))->key == 0U);
    CHECK_FALSE(before.open(after.seal({.plain = "hello"})));
}

TEST_CASE("what is signed or sealed for one purpose means nothing for another")
{
    const key_ring ring = key_ring::random();
    const auto one = ring.keys_for("one");
    const auto other = ring.keys_for("other");
    CHECK_FALSE(other.verify("hello", one.sign("hello").view()));
    CHECK_FALSE(other.open(one.seal({.plain = "hello"})));
    CHECK(ring.keys_for("one").verify("hello", one.sign("hello").view()));
}

TEST_CASE("a ring of no, short, doubled or unreadable secrets is refused")
{
    for (const std::string& text :
         {std::string{}, std::string{"\n\n"}, "text:" + std::string(31, 'x'), std::string{"hex:00"},
          newer + "\n" + newer, std::string(40, 'x'), newer + "\nhex:xyz"})
    {
        CHECK_FALSE(key_ring::parse(text));
    }
    std::string many;
    for (int i = 0; i < 17; ++i)
        many += "text:" + std::string(32, static_cast<char>('a' + i)) + "\n";
    CHECK_FALSE(key_ring::parse(many));
}

TEST_CASE("a ring is read from a file")
{
    const auto path =
        std::filesystem::temp_directory_path() / ("key_ring_test." + std::to_string(::getpid()));
    std::ofstream{path} << newer << "\r\n\n" << older << "\n";
    const auto ring = key_ring::from_file(path);
    REQUIRE(ring);
    CHECK(ring->size() == 2);
    std::ofstream{path} << std::string(70'000, '\n');
    CHECK_FALSE(key_ring::from_file(path));
    std::filesystem::remove(path);
    CHECK_FALSE(key_ring::from_file(path));
}
