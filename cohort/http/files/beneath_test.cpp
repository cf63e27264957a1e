#include <cohort/http/files/beneath.hpp>

#include <cohort/http/files/detail/site_test.hpp>

#include <doctest/doctest.h>

#include <filesystem>

using namespace cohort;
using namespace cohort::http;

TEST_CASE("nothing outside of the folder is opened, with openat2 as without")
{
    const http::detail::site_folder outside;
    const http::detail::site_folder here;
    outside.write("secret", "s");
    here.write("a/b.txt", "b");
    std::filesystem::create_symlink(outside.path(), here / "out");
    std::filesystem::create_symlink(outside / "secret", here / "secret");
    std::filesystem::create_symlink("a/b.txt", here / "inside");
    const auto folder = open_folder(here.path());
    REQUIRE(folder);

    const auto walk = [&](const std::string& path) {
        return http::detail::walk_beneath(*folder, path, O_RDONLY).has_value();
    };
    const auto open = [&](const std::string& path) {
        return open_beneath(*folder, path, O_RDONLY).has_value();
    };
    for (const char* const good : {"a/b.txt", "a", "", "a/"}) {
        CAPTURE(good);
        CHECK(open(good));
        CHECK(walk(good));
    }
    const std::string dots = "../" + outside.path().substr(5) + "/secret";
    for (const std::string& bad :
         {std::string{"out/secret"}, std::string{"secret"}, dots, "a/../" + dots,
          outside / "secret", std::string{"inside"}, std::string{"none"}, std::string{"a/b.txt/c"}})
    {
        CAPTURE(bad);
        CHECK_FALSE(open(bad));
        CHECK_FALSE(walk(bad));
    }
    CHECK(open_beneath(*folder, "inside", O_RDONLY, symlinks::inside));
    CHECK_FALSE(open_beneath(*folder, "secret", O_RDONLY, symlinks::inside));
    CHECK_FALSE(open_beneath(*folder, "out/secret", O_RDONLY, symlinks::inside));
    CHECK_FALSE(open_folder(here / "none"));
    CHECK_FALSE(open_folder(here / "a/b.txt"));
}
