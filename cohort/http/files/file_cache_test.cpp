#include <cohort/http/files/file_cache.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

http::detail::representation of(std::size_t bytes)
{
    return {.bytes = std::make_shared<const std::string>(bytes, 'x')};
}

}  // namespace

TEST_CASE("a cache keeps what was used last, within its bytes")
{
    file_cache cache{3000};
    const steady_time then{};
    cache.keep("a", of(1000), then);
    cache.keep("b", of(1000), then);
    CHECK(cache.find("a") != nullptr);
    cache.keep("c", of(1000), then);
    CHECK(cache.find("b") == nullptr);
    CHECK(cache.find("a") != nullptr);
    CHECK(cache.find("c")->what.bytes->size() == 1000);
    CHECK(cache.bytes() <= 3000);
    CHECK(cache.counted().evicted == 1);

    cache.keep("large", of(3000), then);
    CHECK(cache.find("large") == nullptr);
    CHECK(cache.find("a") != nullptr);
}

TEST_CASE("a file that is kept again replaces its older self, and can be forgotten")
{
    file_cache cache{10'000};
    const steady_time then{};
    cache.keep("a", of(1000), then);
    cache.keep("a", of(10), then);
    CHECK(cache.find("a")->what.bytes->size() == 10);
    cache.confirm("a", then + seconds{5});
    cache.confirm("none", then);
    CHECK(cache.find("a")->looked == then + seconds{5});
    cache.forget("a");
    cache.forget("a");
    CHECK(cache.find("a") == nullptr);
    CHECK(cache.bytes() == 0);
    file_cache wide{1 << 30};
    for (std::size_t i = 0; i < file_cache::entries_max + 10; ++i)
        wide.keep(std::to_string(i), of(0), then);
    CHECK(wide.counted().evicted == 10);
}
