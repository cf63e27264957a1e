#include <cohort/observe/traced.hpp>

#include <cohort/base/error.hpp>
#include <cohort/observe/detail/caught_test.hpp>
#include <cohort/observe/thrown.hpp>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <exception>
#include <stdexcept>
#include <string>

using namespace cohort;
using log::detail::caught;
using log::detail::caught_in_file;

namespace {

struct odd {};

/// "outer", thrown because of `inner`.
template <class Inner>
std::exception_ptr nested(Inner inner)
{
    try {
        try {
            throw inner;
        } catch (const Inner&) {
            std::throw_with_nested(std::runtime_error{"outer"});
        }
    } catch (const std::exception&) {
        return std::current_exception();
    }
    return nullptr;
}

}  // namespace

TEST_CASE("an exception is logged with its type and what it was caused by")
{
    const caught lines;
    const std::exception_ptr thrown = nested(std::out_of_range{"no \"key\""});
    log::error({{"err", thrown}}, "failed");
    auto err = lines.object().at("err").as_object();
    CHECK(err.at("message") == "outer");
    CHECK(err.at("type").as_string().find("std::runtime_error") != std::string::npos);
    CHECK(err.at("cause").at("type") == "std::out_of_range");
    CHECK(err.at("cause").at("message") == "no \"key\"");
    CHECK(err.contains("stack") == log::knows_what_is_thrown());
    CHECK(err.at("cause").as_object().contains("stack") == log::knows_what_is_thrown());

    const std::invalid_argument plain{"plain"};
    log::error({{"err", plain}}, "failed");
    err = lines.object().at("err").as_object();
    CHECK(err == boost::json::object{{"type", "std::invalid_argument"}, {"message", "plain"}});
}

TEST_CASE("what is no std::exception has a type and no message; nothing is null")
{
    const caught lines;
    log::error({{"err", nested(odd{})}, {"none", std::exception_ptr{}}}, "failed");
    const auto line = lines.object();
    const auto& cause = line.at("err").at("cause").as_object();
    CHECK(cause.contains("stack") == log::knows_what_is_thrown());
    CHECK_FALSE(cause.contains("message"));
    CHECK(cause.at("type").as_string().find("odd") != std::string::npos);
    CHECK(line.at("none").is_null());
}

TEST_CASE("a fault is logged with its code")
{
    const caught lines;
    const fault why{error_code{13, boost::system::system_category()}, "open the till", "7"};
    log::warn({{"err", why}}, "going on without");
    CHECK(lines.object().at("err") == boost::json::object{{"type", "cohort::fault"},
                                                          {"message", why.text()},
                                                          {"code", 13},
                                                          {"category", "system"}});
}

TEST_CASE("a traced exception is what it was made of, and has its stack in the log")
{
    const caught_in_file lines;
    try {
        throw log::traced{std::out_of_range{"far"}};
    } catch (const std::out_of_range& thrown) {
        log::error({{"err", thrown}}, "failed");
    }
    const auto err = lines.object().at("err").as_object();
    CHECK(err.at("message") == "far");
    const std::string stack{err.at("stack").as_string()};
    CHECK(stack.find("(+0x") != std::string::npos);
    CHECK(stack.find('\n') != std::string::npos);
    CHECK(stack.find("trace_mark") == std::string::npos);
}

TEST_CASE("the longest chain of errors fits into a line")
{
    const caught lines;
    std::exception_ptr chain;
    for (int i = 0; i < 40; ++i) {
        try {
            try {
                if (chain)
                    std::rethrow_exception(chain);
                throw std::runtime_error{"first"};
            } catch (const std::exception&) {
                std::throw_with_nested(log::traced{std::runtime_error{std::string(3000, 'x')}});
            }
        } catch (const std::exception&) {
            chain = std::current_exception();
        }
    }
    log::error({{"err", chain}}, "failed");
    const std::string text = lines.text();
    CHECK(text.size() <= 4096);
    const auto line = boost::json::parse(text).as_object();
    CHECK(line.at("err").as_object().contains("message"));
    CHECK(line.at("err").as_object().contains("stack"));
}

TEST_CASE("on a terminal an error is in lines of its own, its cause below it")
{
    const caught lines{{.shape = log::format::pretty}};
    const std::exception_ptr thrown = nested(std::out_of_range{"no \x1b[2J key"});
    log::error({{"account", 17}, {"err", thrown}, {"password", thrown}}, "failed");
    const std::string text = lines.text();
    REQUIRE(text.find("std::runtime_error>: outer\n") != std::string::npos);
    CHECK(text.find("failed") < text.find("std::runtime_error>: outer\n"));
    CHECK(text.find("\n    caused by std::out_of_range: no ") != std::string::npos);
    CHECK(text.find("\x1b[2J") == std::string::npos);
    CHECK((text.find("\n        at /") != std::string::npos) == log::knows_what_is_thrown());
    CHECK(text.find("[redacted]") != std::string::npos);
    CHECK(text.ends_with('\n'));
    CHECK(text.size() <= 4096);
}

TEST_CASE("on a terminal, too, the longest chain of errors fits")
{
    const caught lines{{.shape = log::format::pretty}};
    std::exception_ptr chain;
    for (int i = 0; i < 40; ++i) {
        try {
            try {
                if (chain)
                    std::rethrow_exception(chain);
                throw std::runtime_error{"first"};
            } catch (const std::exception&) {
                std::throw_with_nested(std::runtime_error{std::string(300, 'x')});
            }
        } catch (const std::exception&) {
            chain = std::current_exception();
        }
    }
    log::error({{"err", chain}}, "failed");
    const std::string text = lines.text();
    CHECK(text.size() <= 4096);
    CHECK(text.find(std::string(300, 'x')) != std::string::npos);
    CHECK(text.ends_with('\n'));
}
