#include <cohort/cli/unit.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::cli;

TEST_CASE("words of a unit are quoted as systemd reads them")
{
    CHECK(quoted_for_unit("--workers=4", variables::replaced) == "--workers=4");
    CHECK(quoted_for_unit("a b", variables::replaced) == "\"a b\"");
    CHECK(quoted_for_unit("100%", variables::replaced) == "100%%");
    CHECK(quoted_for_unit("$HOME", variables::replaced) == "$$HOME");
    CHECK(quoted_for_unit("say \"hi\"", variables::replaced) == "\"say \\\"hi\\\"\"");
    CHECK(quoted_for_unit("/srv/$x", variables::kept) == "/srv/$x");
    CHECK(quoted_for_unit("", variables::replaced) == "\"\"");
}

TEST_CASE("a unit starts the cohort as it was started, and reloads it as a transaction")
{
    const launch_record how{
        .app = "api", .program = "/srv/api", .args = {"--bind=8080"}, .folder = "/srv"};
    const std::string text =
        unit_of(how, {.command = "/usr/bin/cohort", .manager = unit_manager::system});
    CHECK(unit_name("api") == "cohort-api.service");
    CHECK(text.find("ExecStart=/srv/api --bind=8080\n") != std::string::npos);
    CHECK(text.find("ExecReload=/usr/bin/cohort reload api\n") != std::string::npos);
    CHECK(text.find("WorkingDirectory=/srv\n") != std::string::npos);
    for (const char* const each :
         {"Type=notify\n", "RestartPreventExitStatus=2 7\n", "WatchdogSec=30s\n",
          "FileDescriptorStoreMax=64\n", "LimitNOFILE=65536\n", "WantedBy=multi-user.target\n"})
        CHECK(text.find(each) != std::string::npos);
}

TEST_CASE("a unit means the folder and the program that there are, whatever they are called")
{
    const launch_record how{
        .app = "api", .program = "/srv/$a/100%", .args = {"$b"}, .folder = "/srv/my %n"};
    const std::string text =
        unit_of(how, {.command = "/usr/bin/cohort", .manager = unit_manager::of_user});
    CHECK(text.find("ExecStart=/srv/$a/100%% $$b\n") != std::string::npos);
    CHECK(text.find("WorkingDirectory=/srv/my %%n\n") != std::string::npos);
    CHECK(text.find("WantedBy=default.target\n") != std::string::npos);
}
