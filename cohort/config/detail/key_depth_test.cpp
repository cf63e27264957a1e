#include <cohort/config/detail/key_depth.hpp>

#include <doctest/doctest.h>

#include <string>

using cohort::config::detail::key_parts_max;
using cohort::config::detail::line_of_deep_key;

namespace {

std::string key_of(std::size_t parts)
{
    std::string key = "a";
    while (--parts > 0)
        key += ".a";
    return key;
}

}  // namespace

TEST_CASE("a key of too many parts is found wherever keys may stand")
{
    const std::string fits = key_of(key_parts_max);
    const std::string deep = key_of(key_parts_max + 1);
    CHECK_FALSE(line_of_deep_key(fits + " = 1\n[" + fits + "]\n" + fits + " = 2\n"));
    CHECK(line_of_deep_key(deep + " = 1") == 1U);
    CHECK(line_of_deep_key("\n\n[" + deep + "]") == 3U);
    CHECK(line_of_deep_key("x = 1\ny = [1, {" + deep + " = 2}]") == 2U);
    CHECK(line_of_deep_key("\"a\".'b'." + deep) == 1U);
}

TEST_CASE("dots in strings and comments are no parts of keys, however the string ends")
{
    const std::string dots(200, '.');
    CHECK_FALSE(line_of_deep_key("a = \"" + dots + "\" # " + dots + "\nb = '" + dots + "'"));
    CHECK_FALSE(line_of_deep_key("a = \"\"\"\n" + dots + "\\\"\"\" " + dots + "\"\"\"\"\"\nb = 1"));
    CHECK_FALSE(line_of_deep_key("a = '''" + dots + "''''\n"));
    CHECK_FALSE(line_of_deep_key("a = \"\\\"" + dots + "\""));
    // Behind each of them a key is a key again.
    const std::string deep = std::string{"\n"}.append(key_of(key_parts_max + 1));
    for (const char* before : {"a = \"\"", "a = ''", "a = \"\"\"x\"\"\"\"\"", "a = '''x''''",
                               "# \"", "a = \"\\\\\"", "a = \"unclosed", "a = '\\'"})
    {
        CAPTURE(before);
        CHECK(line_of_deep_key(before + deep) == 2U);
    }
    CHECK_FALSE(line_of_deep_key("a = \"\"\"unclosed" + deep));
    CHECK_FALSE(line_of_deep_key(""));
}
