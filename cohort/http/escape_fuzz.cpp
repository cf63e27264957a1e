// Any text in every context: nothing that means something there is left of it.

#include <cohort/base/assert.hpp>
#include <cohort/http/escape.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/percent.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

namespace {

void expect_none_of(const std::string& text, const char* what)
{
    COHORT_ASSERT(text.find_first_of(what) == std::string::npos);
    COHORT_ASSERT(text.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string raw(data, data + size);
    expect_none_of(http::html_text{raw}.text(), "<>\"'");
    expect_none_of(http::attribute{raw}.text(), "<>\"'`= \t\r\n\f/");
    expect_none_of(http::js_string{raw}.text(), "<>\"'`&/\r\n");
    expect_none_of(http::css_string{raw}.text(), "<>\"'`&/;{}\r\n");
    expect_none_of(http::url_component{raw}.text(), "<>\"'`&=/? #");
    if (raw.find('\0') == std::string::npos)
        COHORT_ASSERT(http::percent_decode(http::url_component{raw}.text()) == raw);

    const auto document = http::parse_json(raw);
    if (!document)
        return 0;
    const std::string inside = http::json_in_html{*document}.text();
    expect_none_of(inside, "<>&");
    const auto again = http::parse_json(inside);
    COHORT_ASSERT(again);
    COHORT_ASSERT(boost::json::serialize(*again) == boost::json::serialize(*document));
    return 0;
}
