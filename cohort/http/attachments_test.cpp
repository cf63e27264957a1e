#include <cohort/http/attachments.hpp>

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>

using cohort::http::attachments;

namespace {

struct first {
    int number;
};

struct second {
    int number;
};

struct counted {
    std::shared_ptr<int> alive;
};

}  // namespace

TEST_CASE("what is attached is found by its type, and types of the same shape are two")
{
    attachments all;
    CHECK(all.find<first>() == nullptr);
    all.put(first{1});
    all.put(second{2});
    CHECK(all.find<first>()->number == 1);
    CHECK(all.find<second>()->number == 2);
    CHECK(all.find<std::string>() == nullptr);
}

TEST_CASE("who asks for one that is not there gets a fresh one, which is there from then on")
{
    attachments all;
    std::string& text = all.get<std::string>();
    CHECK(text.empty());
    text = "kept";
    CHECK(all.get<std::string>() == "kept");
    CHECK(all.find<std::string>() == &text);
}

TEST_CASE("a second one of a type takes the place of the first")
{
    attachments all;
    first& there = all.put(first{1});
    CHECK(&all.put(first{7}) == &there);
    CHECK(there.number == 7);
}

TEST_CASE("what is attached stays where it is, whatever comes later and whoever owns it")
{
    attachments all;
    std::string& text = all.put(std::string{"a text that is too long to be kept in place"});
    auto& large = all.put(std::array<char, 3000>{'x'});
    auto& more = all.put(std::array<char, 900>{'y'});
    attachments moved{std::move(all)};
    CHECK(moved.find<std::string>() == &text);
    CHECK(moved.find<std::array<char, 3000>>() == &large);
    CHECK(moved.find<std::array<char, 900>>() == &more);
    CHECK(text.starts_with("a text"));
    CHECK(large[0] == 'x');
    CHECK(more[0] == 'y');

    attachments other;
    other.put(first{1});
    other = std::move(moved);
    CHECK(other.find<first>() == nullptr);
    CHECK(other.find<std::string>() == &text);
}

TEST_CASE("what is attached ends with its owner, the newest first")
{
    const auto alive = std::make_shared<int>(0);
    {
        attachments all;
        all.put(counted{alive});
        all.put(std::shared_ptr<int>{alive});
        CHECK(alive.use_count() == 3);
        all.put(counted{alive});
        CHECK(alive.use_count() == 3);
        all = attachments{};
        CHECK(alive.use_count() == 1);
        all.put(counted{alive});
    }
    CHECK(alive.use_count() == 1);
}
