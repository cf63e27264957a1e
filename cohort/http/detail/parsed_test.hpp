#pragma once
// For tests of the kit: a request as the server would have parsed it.

#include <cohort/http/head_parser.hpp>
#include <cohort/http/request.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace cohort::http::detail {

/// Keeps the bytes, the head and the request together. Not moved: the request points inside.
class parsed {
public:
    /// `line` is "GET /path", `fields` are whole lines with their CR LF.
    explicit parsed(std::string_view line, std::string_view fields = {}, std::string_view body = {},
                    request_source more = {})
        : bytes{std::string{line} + " HTTP/1.1\r\nHost: test\r\n" + std::string{fields} + "\r\n"}
    {
        const limits bounds;
        head_parser parser{bounds};
        REQUIRE(parser.parse(bytes, top) == parse_status::done);
        more.top = head_view{top, bytes.data()};
        more.body = body;
        of = request{more};
    }
    parsed(const parsed&) = delete;
    parsed& operator=(const parsed&) = delete;

    std::string bytes;
    head top{};
    request of{request_source{.top = {}}};
};

}  // namespace cohort::http::detail
