#include <cohort/schema/detail/extents.hpp>

#include <doctest/doctest.h>

#include <string>

using cohort::schema::detail::extents;

namespace {

const std::string text(1'000, '.');
const char* const at = text.data();

}  // namespace

TEST_CASE("what was walked through has an end, and what lies in it, too")
{
    extents all;
    extents::span outer{all, at};
    extents::span first{all, at + 100};
    first.end(at + 200);
    extents::span second{all, at + 200};
    CHECK(all.end_of(at + 200) == nullptr);
    second.end(at + 300);
    outer.end(at + 400);
    CHECK(all.end_of(at) == at + 400);
    CHECK(all.end_of(at + 100) == at + 200);
    CHECK(all.end_of(at + 200) == at + 300);
    CHECK(all.end_of(at + 101) == nullptr);
    CHECK(all.end_of(at + 500) == nullptr);
}

TEST_CASE("short ones are not remembered, nor what is walked through a second time")
{
    extents all;
    extents::span brief{all, at};
    brief.end(at + extents::worth_it - 1);
    CHECK(all.end_of(at) == nullptr);

    extents::span one{all, at + 10};
    one.end(at + 10 + extents::worth_it);
    extents::span earlier{all, at};
    earlier.end(at + 500);
    CHECK(all.end_of(at) == nullptr);
    CHECK(all.end_of(at + 10) == at + 10 + extents::worth_it);
}

TEST_CASE("who goes back forgets what is ahead")
{
    extents all;
    for (int i : {0, 1, 2}) {
        extents::span one{all, at + 100 * i};
        one.end(at + 100 * i + 80);
    }
    all.forget(at + 100);
    CHECK(all.end_of(at) == at + 80);
    CHECK(all.end_of(at + 100) == nullptr);
    CHECK(all.end_of(at + 200) == nullptr);
}
