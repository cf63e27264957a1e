// Any bytes as a request target: what reaches a handler is decoded, UTF-8, and leads to no upper
// folder; every answer is one that its method and path allow.

#include <cohort/base/assert.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/router.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace cohort;

namespace {

void check_value(std::string_view value)
{
    COHORT_ASSERT(is_utf8(value));
    COHORT_ASSERT(value.find('\0') == std::string_view::npos);
    for (std::string_view rest = value;;) {
        const std::string_view piece = rest.substr(0, rest.find('/'));
        COHORT_ASSERT(piece != "." && piece != "..");
        if (piece.size() == rest.size())
            return;
        rest.remove_prefix(piece.size() + 1);
    }
}

http::response look_at_all(const http::request& of)
{
    for (const char* name : {"a", "b", "rest"}) {
        if (of.pattern().find(name) != std::string_view::npos)
            check_value(of.path<std::string_view>(name));
    }
    static_cast<void>(of.query("q"));
    static_cast<void>(of.query_or<int>("n", 0));
    return http::no_content();
}

const http::router& api()
{
    static const http::router frozen = [] {
        http::router made;
        made.on_handler_error([](const http::request&, std::string_view) noexcept {
            COHORT_ASSERT(!"a handler failed");
        });
        for (const char* pattern :
             {"/", "/x", "/x/", "/x/{a}", "/{a}/y", "/{a}/{b}", "/x/y/{rest...}", "/z/{rest...}"})
            made.get(pattern, look_at_all);
        made.post("/x/{b}/y", look_at_all).any("/é/{a}", look_at_all);
        COHORT_ASSERT(made.freeze());
        return made;
    }();
    return frozen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "OPTIONS", "PURGE"};
    if (size == 0)
        return 0;
    std::string bytes{methods[data[0] % std::size(methods)]};
    bytes += ' ';
    for (std::size_t i = 1; i < size; ++i)
        bytes += static_cast<char>(data[i]);
    bytes += " HTTP/1.1\r\nHost: fuzz\r\n\r\n";

    const http::limits bounds;
    http::head_parser parser{bounds};
    http::head top;
    if (parser.parse(bytes, top) != http::parse_status::done)
        return 0;
    http::request of{http::request_source{.top = {top, bytes.data()}}};
    const http::plan found = api().plan_for(of);
    const http::response answer = found.to->run(of);
    COHORT_ASSERT(found.registered || answer.status() >= 400 || top.verb == http::method::options);
    COHORT_ASSERT(answer.status() != 500);
    if (answer.status() == 405)
        COHORT_ASSERT(answer.header("Allow"));
    return 0;
}
