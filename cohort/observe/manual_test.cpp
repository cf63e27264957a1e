// What docs/manual/logs.md shows.

#include <cohort/observe/detail/caught_test.hpp>
#include <cohort/observe/logger.hpp>
#include <cohort/observe/traced.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <stdexcept>

using cohort::log::detail::caught;

namespace {

void pay()
{
    try {
        throw std::out_of_range{"no such account"};
    } catch (const std::exception&) {
        std::throw_with_nested(std::runtime_error{"cannot pay"});
    }
}

}  // namespace

TEST_CASE("what the manual shows of logs is as it says")
{
    const caught lines;
    cohort::log::info("listening on port {}", 8080);
    cohort::log::warn({{"account", 17}, {"cents", 500}}, "paid twice");
    CHECK(lines.text().ends_with(",\"account\":17,\"cents\":500}\n"));

    const cohort::log::logger payments = cohort::log::with({{"module", "payments"}});
    payments.info({{"cents", 500}}, "paid");

    const auto refunds = payments.with({{"part", "refunds"}});
    refunds.warn("took {} days", 3);
    CHECK(lines.text().ends_with(",\"module\":\"payments\",\"part\":\"refunds\"}\n"));

    try {
        pay();
    } catch (const std::exception& thrown) {
        cohort::log::error({{"err", thrown}}, "not paid");
    }
    const auto err = lines.object().at("err");
    CHECK(err.at("cause").at("message") == "no such account");
}
