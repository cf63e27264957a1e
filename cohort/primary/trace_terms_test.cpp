#include <cohort/primary/trace_terms.hpp>

#include <cohort/observe/otlp.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>
#include <string>

using namespace cohort;

TEST_CASE("what is exported says which of several cohorts it is of")
{
    std::array<char, 256> machine{};
    REQUIRE(::gethostname(machine.data(), machine.size() - 1) == 0);
    config::settings shop;
    shop.name = "shop";
    const std::string ours = observe::otlp_traces(primary::telemetry_of(shop).resource, {});
    const std::string id = std::string{machine.data()} + "/shop";
    CHECK(ours.find("service.instance.id") != std::string::npos);
    CHECK(ours.find(id) != std::string::npos);

    shop.env["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=seven";
    const std::string said = observe::otlp_traces(primary::telemetry_of(shop).resource, {});
    CHECK(said.find("seven") != std::string::npos);
    CHECK(said.find(id) == std::string::npos);
}
