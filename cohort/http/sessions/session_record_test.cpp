#include <cohort/http/sessions/session_record.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;
using namespace std::string_literals;

TEST_CASE("a record comes back as it was written, and knows its size")
{
    session_record one{.created = 1'700'000'000, .seen = 1'700'000'100, .values = {}};
    CHECK(session_record::read(one.write()) == one);
    one.values = {{"user", "17"}, {"", "\0\xff"s}, {"empty", ""}};
    CHECK(session_record::read(one.write()) == one);
    CHECK(one.write().size() == one.size());
}

TEST_CASE("a record that is cut anywhere else than between two values is none")
{
    const session_record one{.created = 1, .seen = 2, .values = {{"ab", "cd"}}};
    const std::string bytes = one.write();
    for (std::size_t i = 0; i < bytes.size(); ++i)
        CHECK(session_record::read(bytes.substr(0, i)).has_value() == (i == 17));
    CHECK_FALSE(session_record::read(bytes + "x"));
    CHECK_FALSE(session_record::read("\2" + bytes.substr(1)));
    std::string huge = bytes;
    huge.replace(17, 8, std::string(8, '\xff'));
    CHECK_FALSE(session_record::read(huge));
}
