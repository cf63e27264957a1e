#include <cohort/http/detail/route_table.hpp>

#include <cohort/http/detail/request_path.hpp>
#include <cohort/http/percent.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

namespace {

constexpr std::uint32_t bit(method verb) noexcept { return 1U << std::to_underlying(verb); }

/// What "any" means in an Allow header.
constexpr std::array listed{method::get, method::head,  method::post,   method::put,
                            method::del, method::patch, method::options};

std::string described(const route& which)
{
    return fmt::format("{} {} ({}:{})", which.verb() ? text(*which.verb()) : "ANY", which.pattern(),
                       which.where().file_name(), which.where().line());
}

std::string allow_line(std::uint32_t methods)
{
    std::string line;
    for (const method each : listed) {
        if ((methods & bit(each)) != 0)
            line += fmt::format("{}{}", line.empty() ? "" : ", ", text(each));
    }
    return line;
}

/// Choices that contradict each other or the handler; null if there are none.
const char* contradiction(const handler& answer, const route_options& options) noexcept
{
    if (options.cpu_bound && answer.is_coroutine())
        return "cpu_bound needs a plain function; a coroutine awaits offload() around its heavy "
               "part";
    if (options.body == body_use::streamed && !answer.is_coroutine())
        return "a streamed body needs a coroutine, which can wait for it";
    if (options.deadline.count() < 0)
        return "a deadline cannot be negative";
    if (options.deadline.count() > 0 && !answer.is_coroutine())
        return "a deadline needs a coroutine: a plain function cannot be stopped";
    return nullptr;
}

}  // namespace

/// One lookup under way.
struct route_table::search {
    method verb;
    bool encoded;  // segments must be decoded before they are compared
    bool refused = false;
    std::array<std::string_view, request::parameters_max> values{};
    std::size_t count = 0;
    const endpoint* without_method = nullptr;  // the most specific one that fits the path
    method_set methods = 0;                    // of all that fit the path
};

const route* route_table::endpoint::find(method verb) const noexcept
{
    if (const route* exact = by_method[std::to_underlying(verb)])
        return exact;
    if (verb == method::head && by_method[std::to_underlying(method::get)] != nullptr)
        return by_method[std::to_underlying(method::get)];
    return any;
}

route_table::method_set route_table::endpoint::methods() const noexcept
{
    method_set all = bit(method::options);
    for (const method each : listed) {
        if (find(each) != nullptr)
            all |= bit(each);
    }
    return all;
}

route_table::route_table(const branch& root, std::shared_ptr<const error_observer> observer,
                         std::vector<std::string>& mistakes)
    : observer_{std::move(observer)}
{
    nodes_.emplace_back();
    not_found_ = make_automatic(root.around, {}, "404", [](const request&) {
        return problem(404, {}, "nothing is at this path");
    });
    refused_path_ = make_automatic(root.around, {}, "400 path", [](const request&) {
        return problem(400, {},
                       "the path has dot segments, or is not well-formed "
                       "percent-encoded UTF-8");
    });
    not_implemented_ = make_automatic(root.around, {}, "501", [](const request&) {
        return problem(501, {}, "this server does not know the method");
    });
    whole_server_ = make_automatic(root.around, "*", "OPTIONS *", [](const request&) {
        return no_content().header("Allow", allow_line(~0U));
    });
    add_branch(root, {}, {}, mistakes);
}

void route_table::add_branch(const branch& at, const std::string& prefix, const surroundings& outer,
                             std::vector<std::string>& mistakes)
{
    const std::string here = join_pattern(prefix, at.prefix);
    surroundings around = outer;
    around.middleware.insert(around.middleware.end(), at.around.begin(), at.around.end());
    for (const route_check& each : at.checks)
        around.checks.push_back(&each);
    for (const registration& each : at.registrations)
        add_route(each, join_pattern(here, each.pattern), around, mistakes);
    for (const auto& inner : at.inner)
        add_branch(*inner, here, around, mistakes);
}

void route_table::add_route(const registration& from, const std::string& pattern,
                            const surroundings& around, std::vector<std::string>& mistakes)
{
    const auto segments = parse_pattern(pattern);
    std::vector<std::string> parameters;
    if (segments) {
        for (const pattern_segment& each : *segments) {
            if (each.is != pattern_segment::kind::text)
                parameters.push_back(each.words);
        }
    }
    const route& made = routes_.emplace_back(route::parts{.verb = from.verb,
                                                          .pattern = pattern,
                                                          .answer = from.answer,
                                                          .options = from.options,
                                                          .around = around.middleware,
                                                          .parameters = std::move(parameters),
                                                          .where = from.where,
                                                          .observer = observer_});
    if (!segments) {
        mistakes.push_back(fmt::format("{}: {}", described(made), segments.error()));
        return;
    }
    if (const char* why = contradiction(*from.answer, from.options))
        mistakes.push_back(fmt::format("{}: {}", described(made), why));
    std::vector<const route_check*> rules = from.options.notes.all<route_check>();
    rules.insert(rules.end(), around.checks.begin(), around.checks.end());
    for (const route_check* rule : rules) {
        if (const auto why = (*rule)(made))
            mistakes.push_back(fmt::format("{}: {}", described(made), *why));
    }

    endpoint& at = endpoint_of(*segments);
    const route*& seat = from.verb ? at.by_method[std::to_underlying(*from.verb)] : at.any;
    if (seat != nullptr) {
        mistakes.push_back(
            fmt::format("{} and {} take the same requests", described(*seat), described(made)));
        return;
    }
    seat = &made;
    complete(at, made, around.middleware);
    if (made.parameters().empty())
        plain_.emplace(made.pattern(), &at);
}

route_table::endpoint& route_table::endpoint_of(const std::vector<pattern_segment>& segments)
{
    std::uint32_t at = 0;
    for (const pattern_segment& each : segments) {
        if (each.is == pattern_segment::kind::rest) {
            if (nodes_[at].rest == nullptr)
                nodes_[at].rest = &endpoints_.emplace_back();
            return *nodes_[at].rest;
        }
        at = child(at, each);
    }
    if (nodes_[at].here == nullptr)
        nodes_[at].here = &endpoints_.emplace_back();
    return *nodes_[at].here;
}

std::uint32_t route_table::child(std::uint32_t of, const pattern_segment& segment)
{
    const auto fresh = static_cast<std::uint32_t>(nodes_.size());
    if (segment.is == pattern_segment::kind::parameter) {
        if (nodes_[of].parameter != none)
            return nodes_[of].parameter;
        nodes_[of].parameter = fresh;
    } else {
        auto& texts = nodes_[of].texts;
        const auto at = std::ranges::lower_bound(texts, segment.words, {}, [](const auto& each) {
            return std::string_view{each.first};
        });
        if (at != texts.end() && at->first == segment.words)
            return at->second;
        texts.emplace(at, segment.words, fresh);
    }
    nodes_.emplace_back();
    return fresh;
}

/// The automatic answers at a pattern stand behind the middleware of the route registered first.
void route_table::complete(endpoint& at, const route& first, const chain& around)
{
    if (at.options != nullptr)
        return;
    at.options = make_automatic(
        around, first.pattern(), fmt::format("OPTIONS {}", first.pattern()),
        [this](const request& of) { return no_content().header("Allow", allow_for(of)); });
    at.not_allowed = make_automatic(
        around, first.pattern(), fmt::format("405 {}", first.pattern()), [this](const request& of) {
            return problem(405, {}, "this path takes other methods").header("Allow", allow_for(of));
        });
}

const route* route_table::make_automatic(const chain& around, std::string pattern, std::string name,
                                         handler answer)
{
    return &automatic_.emplace_back(
        route::parts{.verb = std::nullopt,
                     .pattern = std::move(pattern),
                     .answer = std::make_shared<const handler>(std::move(answer)),
                     .options = {.body = body_use::unread, .name = std::move(name)},
                     .around = around,
                     .parameters = {},
                     .where = std::source_location::current(),
                     .observer = observer_});
}

plan route_table::find(request& of) const
{
    const std::string_view path = of.path();
    const method verb = of.method();
    static constexpr std::array<std::string_view, request::parameters_max> nothing{};

    // Patterns hold no percent signs and no dot segments: what equals one is clean.
    if (const auto plain = plain_.find(path); plain != plain_.end()) {
        if (const route* const found = plain->second->find(verb)) {
            of.matched(*found, nothing, 0);
            return {.to = found, .registered = true};
        }
    }

    const route* automatic = nullptr;
    if (!path.starts_with('/')) {
        automatic = verb == method::options ? whole_server_ : not_found_;
    } else if (const path_quality quality = inspect_path(path); quality == path_quality::ambiguous)
    {
        automatic = refused_path_;
    } else {
        search under_way{.verb = verb, .encoded = quality == path_quality::encoded};
        const route* const found = walk(under_way, nodes_.front(), path.substr(1));
        if (found != nullptr && !under_way.refused) {
            of.matched(*found, under_way.values, under_way.count);
            return {.to = found, .registered = true};
        }
        automatic = miss(under_way, verb);
    }
    of.matched(*automatic, nothing, 0);
    return {.to = automatic, .registered = false};
}

/// Depth first, most specific first. Each node is reached by one way only, so a lookup visits
/// none twice and its depth is that of the longest pattern.
const route* route_table::walk(search& of, const node& at, std::string_view rest) const
{
    const std::string_view segment = rest.substr(0, rest.find('/'));
    const bool last = segment.size() == rest.size();
    const auto descend = [&](std::uint32_t to) {
        const node& next = nodes_[to];
        return last ? arrive(of, next.here) : walk(of, next, rest.substr(segment.size() + 1));
    };

    std::uint32_t text_node = none;
    if (of.encoded && segment.find('%') != std::string_view::npos)
        text_node = text_child(at, percent_decode(segment).value_or(""));
    else
        text_node = text_child(at, segment);
    if (text_node != none) {
        if (const route* const found = descend(text_node))
            return found;
    }
    if (at.parameter != none && !segment.empty()) {
        of.values[of.count++] = segment;
        if (const route* const found = descend(at.parameter))
            return found;
        --of.count;
    }
    if (at.rest == nullptr)
        return nullptr;
    of.values[of.count] = rest;
    const route* const found = arrive(of, at.rest);
    if (found != nullptr) {
        ++of.count;
        of.refused = of.encoded && has_encoded_slash(rest);
    }
    return found;
}

const route* route_table::arrive(search& at, const endpoint* offered)
{
    if (offered == nullptr)
        return nullptr;
    const route* const found = offered->find(at.verb);
    if (found == nullptr) {
        if (at.without_method == nullptr)
            at.without_method = offered;
        at.methods |= offered->methods();
    }
    return found;
}

std::uint32_t route_table::text_child(const node& of, std::string_view text) const
{
    const auto at = std::ranges::lower_bound(
        of.texts, text, {}, [](const auto& each) { return std::string_view{each.first}; });
    return at != of.texts.end() && at->first == text ? at->second : none;
}

const route* route_table::miss(const search& after, method verb) const noexcept
{
    if (after.refused)
        return refused_path_;
    if (after.without_method == nullptr)
        return not_found_;
    if (verb == method::options)
        return after.without_method->options;
    return verb == method::other ? not_implemented_ : after.without_method->not_allowed;
}

/// Every method that some route takes at this path, which find() has already found clean.
std::string route_table::allow_for(const request& of) const
{
    // No route has this method, so the walk sees every pattern that fits.
    search all{.verb = of.method(), .encoded = true};
    static_cast<void>(walk(all, nodes_.front(), of.path().substr(1)));
    return allow_line(all.methods);
}

std::vector<const route*> route_table::all() const
{
    std::vector<const route*> sorted;
    sorted.reserve(routes_.size());
    for (const route& each : routes_)
        sorted.push_back(&each);
    // By pattern, then in the order of registration. (stable_sort would do; with clang 19 it calls
    // what libstdc++ 12 calls deprecated.)
    std::ranges::sort(sorted, [](const route* one, const route* other) {
        return std::pair{std::string_view{one->pattern()}, one} <
               std::pair{std::string_view{other->pattern()}, other};
    });
    return sorted;
}

}  // namespace cohort::http::detail
