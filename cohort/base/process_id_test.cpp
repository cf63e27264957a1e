#include <cohort/base/process_id.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

TEST_CASE("a process knows its own id, when it is asked again, too")
{
    CHECK(cohort::process_id() == ::getpid());
    CHECK(cohort::process_id() == ::getpid());
}
