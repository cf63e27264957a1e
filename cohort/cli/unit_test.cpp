#include <cohort/cli/unit.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::cli;

TEST_CASE("words of a unit are quoted as systemd reads them")
{
    CHECK(quoted_for_unit("--workers=4") == "--workers=4");
    CHECK(quoted_for_unit("a b") == "\"a b\"");
    CHECK(quoted_for_unit("100%") == "100%%");
    CHECK(quoted_for_unit("$HOME") == "$$HOME");
    CHECK(quoted_for_unit("say \"hi\"") == "\"say \\\"hi\\\"\"");
    CHECK(quoted_for_unit("") == "\"\"");
}

TEST_CASE("a unit starts the cohort as it was started, and reloads it as a transaction")
{
    const launch_record how{
        .app = "api", .program = "/srv/api", .args = {"--bind=8080"}, .folder = "/srv"};
    const std::string text = unit_of(how, "/usr/bin/cohort");
    CHECK(unit_name("api") == "cohort-api.service");
    CHECK(text.find("ExecStart=/srv/api --bind=8080\n") != std::string::npos);
    CHECK(text.find("ExecReload=/usr/bin/cohort reload api\n") != std::string::npos);
    CHECK(text.find("WorkingDirectory=/srv\n") != std::string::npos);
    CHECK(text.find("Type=notify\n") != std::string::npos);
}
