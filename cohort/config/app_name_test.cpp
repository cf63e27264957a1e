#include <cohort/config/app_name.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::config;

TEST_CASE("what means a slot or everything is no name of an app")
{
    CHECK(is_app_name("api"));
    CHECK(is_app_name("api-v1.2-beta"));
    CHECK(is_app_name("server.py"));
    CHECK(is_app_name("3"));
    CHECK(is_app_name(".3"));
    CHECK(is_app_name(std::string(64, 'a')));
    CHECK_FALSE(is_app_name(std::string(65, 'a')));
    CHECK_FALSE(is_app_name(""));
    CHECK_FALSE(is_app_name("all"));
    CHECK_FALSE(is_app_name("api.3"));
    CHECK_FALSE(is_app_name("../../x"));
    CHECK_FALSE(is_app_name("a b"));
}

TEST_CASE("every program has a name that an app can have")
{
    CHECK(app_name_of("/srv/api") == "api");
    CHECK(app_name_of("api") == "api");
    CHECK(app_name_of("/opt/my app!") == "my_app_");
    CHECK(app_name_of("python3.11") == "python3-11");
    CHECK(app_name_of("./all") == "app");
    CHECK(app_name_of("/srv/") == "app");
    CHECK(is_app_name(app_name_of(std::string(300, 'x') + ".7")));
    CHECK(is_app_name(app_name_of(std::string(62, 'x') + ".7.7")));
}
