#include <cohort/config/parts.hpp>

#include <doctest/doctest.h>

#include <cstdlib>

using namespace cohort::config;
using namespace std::chrono_literals;

TEST_CASE("every section is usable as it is")
{
    CHECK(problems(ready{}).empty());
    CHECK(problems(health{}).empty());
    CHECK(problems(restart{}).empty());
    CHECK(problems(stop{}).empty());
    CHECK(problems(reload{}).empty());
    CHECK(problems(recycle{}).empty());
    CHECK(problems(scaling{}).empty());
    CHECK(problems(limit{}).empty());
    CHECK(problems(sandbox{}).empty());
    CHECK(problems(log{}).empty());
    CHECK(problems(admin{}).empty());
}

TEST_CASE("names of levels, formats and profiles are read back")
{
    for (const log_level l : {log_level::trace, log_level::debug, log_level::info, log_level::warn,
                              log_level::error, log_level::fatal, log_level::silent})
        CHECK(parse_log_level(name_of(l)) == l);
    for (const log_format f :
         {log_format::automatic, log_format::json, log_format::pino, log_format::text})
        CHECK(parse_log_format(name_of(f)) == f);
    for (const sandbox_profile p :
         {sandbox_profile::off, sandbox_profile::server, sandbox_profile::strict})
        CHECK(parse_sandbox_profile(name_of(p)) == p);
    CHECK_FALSE(parse_log_level(""));
    CHECK_FALSE(parse_sandbox_profile("Strict"));
}

TEST_CASE("a log is rotated only if it is a file")
{
    log l;
    l.rotate = {1U << 20, 3};
    CHECK(problems(l).size() == 1);
    l.to = {log_target::kind::file, "x.log"};
    CHECK(problems(l).empty());
}

TEST_CASE("the time before a drain is longer where balancers need to notice")
{
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    CHECK(stop{}.drain_time() == 0ms);
    ::setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    CHECK(stop{}.drain_time() == 5s);
    stop fixed;
    fixed.drain = 1s;
    CHECK(fixed.drain_time() == 1s);
    ::unsetenv("KUBERNETES_SERVICE_HOST");
}
