#include <cohort/http/detail/openapi_paths.hpp>

#include <cohort/http/detail/pattern.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cohort::http::detail {

namespace {

using kind = pattern_segment::kind;
using segments = std::vector<pattern_segment>;

/// "/x/{}": two paths with the same one are the same path to OpenAPI.
std::string without_names(const segments& of)
{
    std::string out;
    for (const pattern_segment& each : of)
        out += each.is == kind::text ? "/" + each.words : "/{}";
    return out;
}

std::vector<std::string> names_of(const segments& of)
{
    std::vector<std::string> out;
    for (const pattern_segment& each : of) {
        if (each.is != kind::text)
            out.push_back(each.words);
    }
    return out;
}

/// One more segment before the tail, called after it.
void lengthen(segments& path)
{
    const std::string tail = path.back().words;
    const std::vector<std::string> taken = names_of(path);
    std::string name;
    for (int number = 1; name.empty() || std::ranges::find(taken, name) != taken.end(); ++number)
        name = fmt::format("{}_{}", tail, number);
    path.insert(path.end() - 1, pattern_segment{kind::parameter, std::move(name)});
}

openapi_path_parameter parameter(const pattern_segment& from, std::string name, const route& of)
{
    const std::vector<std::string>& known = of.parameters();
    const bool ours = std::ranges::find(known, from.words) != known.end();
    openapi_path_parameter out{.name = std::move(name)};
    if (ours)
        out.ours = from.words;
    else
        out.about = "A segment of what is taken as a whole.";
    out.tail = from.is == kind::rest;
    if (out.tail)
        out.about = "All that follows, slashes included.";
    return out;
}

}  // namespace

openapi_place openapi_paths::place(const route& of)
{
    segments path = parse_pattern(of.pattern()).value_or(segments{});
    const auto taken = [&](const segments& wanted) {
        const auto found = seats_.find(without_names(wanted));
        return found != seats_.end() && found->second.methods.contains(*of.verb());
    };
    while (!path.empty() && path.back().is == kind::rest && taken(path))
        lengthen(path);

    seat& mine = seats_[without_names(path)];
    if (mine.methods.empty())
        mine.names = names_of(path);
    mine.methods.insert(*of.verb());

    openapi_place out;
    for (std::size_t at = 0; const pattern_segment& each : path) {
        if (each.is == kind::text) {
            out.path += "/" + each.words;
            continue;
        }
        out.path += "/{" + mine.names[at] + "}";
        out.parameters.push_back(parameter(each, mine.names[at], of));
        ++at;
    }
    return out;
}

bool has_tail(const route& of) { return of.pattern().ends_with("...}"); }

}  // namespace cohort::http::detail
