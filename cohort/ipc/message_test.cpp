#include <cohort/ipc/message.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <doctest/doctest.h>

#include <fcntl.h>

#include <array>
#include <limits>

using namespace cohort;

namespace {

result<message> travel(message what)
{
    auto sealed = message::encode(what, 5);
    if (!sealed)
        return std::unexpected(sealed.error());
    CHECK(sealed->kind == 5);
    return message::decode(std::move(*sealed));
}

boost::json::value nested(std::size_t depth)
{
    boost::json::value inner = nullptr;
    for (std::size_t i = 0; i < depth; ++i) {
        boost::json::array outer;
        outer.push_back(std::move(inner));
        inner = std::move(outer);
    }
    return inner;
}

}  // namespace

TEST_CASE("every kind of JSON value arrives as it was sent")
{
    const boost::json::value value = {
        {"text", "żółw \"and\" \n"},
        {"number", -12.5},
        {"large", std::numeric_limits<std::uint64_t>::max()},
        {"list", {1, 2, 3}},
        {"none", nullptr},
        {"yes", true},
    };
    const auto came = travel(message::json(value));
    REQUIRE(came);
    CHECK(came->is_json());
    CHECK(came->json() == value);
    CHECK(came->bytes().empty());
}

TEST_CASE("text that is no UTF-8 passes byte for byte")
{
    const boost::json::value value{boost::json::string("\xff\xfe ok")};
    const auto came = travel(message::json(value));
    REQUIRE(came);
    CHECK(came->json() == value);
}

TEST_CASE("binary arrives as it was sent, zero bytes and all")
{
    const std::string bytes("a\0b\xff", 4);
    auto came = travel(message::binary(bytes));
    REQUIRE(came);
    CHECK_FALSE(came->is_json());
    CHECK(came->json().is_null());
    CHECK(came->bytes() == bytes);
    CHECK(came->take_bytes() == bytes);
}

TEST_CASE("a default message is JSON null")
{
    const auto came = travel(message{});
    REQUIRE(came);
    CHECK(came->is_json());
    CHECK(came->json().is_null());
}

TEST_CASE("values nested deeper than the limit are refused by both sides")
{
    CHECK(travel(message::json(nested(message::depth_max))));

    message deep = message::json(nested(message::depth_max + 1));
    const auto refused = message::encode(deep, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::too_large);
    CHECK(deep.json().is_array());

    std::string bytes;
    for (std::size_t i = 0; i <= message::depth_max; ++i)
        bytes += std::string("\7\1\0\0\0", 5);  // an array of one
    ipc::envelope forged{1, bytes + '\0'};
    forged.flags = ipc::flags::json;
    const auto came = message::decode(std::move(forged));
    REQUIRE_FALSE(came);
    CHECK(came.error().why() == errc::malformed);
}

TEST_CASE("a number that JSON cannot say is the sender's error")
{
    const auto came = travel(message::json(std::numeric_limits<double>::quiet_NaN()));
    REQUIRE_FALSE(came);
    CHECK(came.error().why() == errc::bad_value);
}

TEST_CASE("what a message is part of travels with it, beside whatever it says")
{
    std::array<message, 3> all{message::json({{"a", 1}}), message::binary("bytes"), message{}};
    for (message& each : all) {
        each.origin() = "00-1-2";
        const auto copy = each.clone();
        REQUIRE(copy);
        CHECK(copy->origin() == "00-1-2");
        const bool json = each.is_json();
        auto sealed = message::encode(each, 1);
        REQUIRE(sealed);
        CHECK(each.origin().empty());
        CHECK(sealed->is(ipc::flags::origin));
        const auto again = message::decode(*std::move(sealed));
        REQUIRE(again);
        CHECK(again->origin() == "00-1-2");
        CHECK(again->is_json() == json);
        CHECK(again->bytes() == copy->bytes());
        CHECK(again->json() == copy->json());
    }
    message long_one;
    long_one.origin() = std::string(message::origin_bytes_max + 1, 'x');
    auto sealed = message::encode(long_one, 1);
    REQUIRE(sealed);
    CHECK_FALSE(sealed->is(ipc::flags::origin));
    for (const std::string& body : {std::string{}, std::string{"x"}, std::string{"x\x02\0", 3}}) {
        ipc::envelope wrong{1, body};
        wrong.flags = ipc::flags::origin;
        CHECK(message::decode(std::move(wrong)).error().why() == errc::malformed);
    }
}

TEST_CASE("a message whose flags nobody here knows is refused, and those of protocols are theirs")
{
    for (unsigned bit = 0; bit < 16; ++bit) {
        const auto flag = static_cast<std::uint16_t>(1U << bit);
        ipc::envelope from_elsewhere{1, "bytes"};
        from_elsewhere.flags = flag;
        const bool ours = bit < 8;
        const bool known = (flag & ipc::flags::known) != 0;
        const bool about_the_body = flag == ipc::flags::json || flag == ipc::flags::origin;
        const auto came = message::decode(std::move(from_elsewhere));
        CHECK(came.has_value() == (!about_the_body && (known || !ours)));
    }
}

TEST_CASE("a body that claims to be a value and is none is an error, not an exception")
{
    ipc::envelope forged{1, "{\"a\":"};
    forged.flags = ipc::flags::json;
    CHECK_FALSE(message::decode(std::move(forged)));
}

TEST_CASE("descriptors travel with their message, and a clone has its own")
{
    message what = message::json("here");
    what.attach(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
    auto twin = what.clone();
    REQUIRE(twin);
    CHECK(twin->json() == what.json());
    REQUIRE(twin->descriptors().size() == 1);
    CHECK(twin->descriptors()[0].borrow() != what.descriptors()[0].borrow());

    auto came = travel(std::move(what));
    REQUIRE(came);
    CHECK(came->take_descriptor().valid());
    CHECK_FALSE(came->take_descriptor().valid());
}

TEST_CASE("more descriptors than the kernel carries are the sender's error")
{
    message what;
    for (int i = 0; i < 254; ++i)
        what.attach(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
    const auto sealed = message::encode(what, 1);
    REQUIRE_FALSE(sealed);
    CHECK(sealed.error().why() == errc::too_large);
    CHECK(what.descriptors().size() == 254);
}
