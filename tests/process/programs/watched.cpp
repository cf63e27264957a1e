// An application that a witness can watch: its workers die, its counts do not.
#include <cohort/cohort.hpp>
#include <cohort/testing/witness_api.hpp>

int main(int argc, char** argv)
{
    const cohort::testing::witness_api watched;
    cohort::http::router api;
    watched.add_to(api);
    api.get("/", [](const cohort::http::request&) { return cohort::http::text("Hello, world"); });
    return cohort::serve(argc, argv, api);
}
