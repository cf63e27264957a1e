#include <cohort/http/middleware/decompress_requests.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>

#include <string>
#include <utility>

namespace cohort::http {

namespace {

/// Attached: what the request's body() is a view of.
struct whole_body {
    std::string text;
};

std::optional<coding> coding_called(std::string_view text) noexcept
{
    if (equal_ignoring_case(text, "gzip") || equal_ignoring_case(text, "x-gzip"))
        return coding::gzip;
    for (const coding each : {coding::br, coding::zstd}) {
        if (equal_ignoring_case(text, name(each)))
            return each;
    }
    return std::nullopt;
}

std::size_t bytes_max_of(const request& of, const decompression_options& choices)
{
    const route* const to = of.route();
    const auto by_route = to != nullptr ? to->options().body_max : std::nullopt;
    return choices.bytes_max.value_or(by_route.value_or(decoder_limits{}.bytes_max));
}

std::optional<response> unpack(request& of, const decompression_options& choices)
{
    const auto said = of.header("Content-Encoding");
    if (!said || equal_ignoring_case(*said, "identity"))
        return std::nullopt;
    const auto kind = coding_called(*said);
    const bool several = of.headers("Content-Encoding").size() > 1;
    const route* const to = of.route();
    const body_use use = to != nullptr ? to->options().body : body_use::buffered;
    if (use == body_use::unread)
        return std::nullopt;
    if (!kind || several || use == body_use::streamed)
        return problem(415, {}, "this Content-Encoding is not taken here")
            .header("Accept-Encoding", "gzip, br, zstd");

    const decoder_limits bounds{.bytes_max = bytes_max_of(of, choices),
                                .ratio_max = choices.ratio_max};
    auto whole = decode(*kind, of.body(), bounds);
    if (!whole && whole.error().why() == errc::too_large)
        return problem(413, {}, "the body is too large once it is decompressed");
    if (!whole)
        return problem(400, {}, "the body is not what its Content-Encoding says");
    of.body_is(of.attach(whole_body{std::move(*whole)}).text);
    return std::nullopt;
}

}  // namespace

hooks decompress_requests(decompression_options choices)
{
    if (choices.ratio_max == 0)
        throw failure{fault(errc::bad_value, "set up decompression", "ratio_max of 0")};
    return {.name = "decompress_requests",
            .before = [choices](request& of) { return unpack(of, choices); }};
}

}  // namespace cohort::http
