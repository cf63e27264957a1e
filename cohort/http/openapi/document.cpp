#include <cohort/http/openapi/document.hpp>

#include <cohort/http/detail/openapi_operation.hpp>
#include <cohort/http/detail/openapi_paths.hpp>
#include <cohort/http/detail/openapi_problems.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/method.hpp>
#include <cohort/http/openapi/notes.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace cohort::http {

namespace {

namespace bj = boost::json;

/// Those that are documented, by pattern and method, whatever the order they came in; tails last.
std::vector<const route*> documented(std::vector<const route*> all)
{
    std::erase_if(all, [](const route* each) {
        return !each->verb() || each->note<undocumented>() != nullptr;
    });
    std::ranges::sort(all, {}, [](const route* each) {
        return std::tuple{detail::has_tail(*each), each->pattern(), *each->verb()};
    });
    return all;
}

/// Two patterns can have the same words in them: the second one gets a number.
std::string unique_name(const route& of, std::set<std::string>& taken)
{
    const std::string wanted = detail::operation_name(of);
    std::string name = wanted;
    for (int number = 2; !taken.insert(name).second; ++number)
        name = wanted + "_" + std::to_string(number);
    return name;
}

std::string lower_text(method verb)
{
    std::string out;
    for (const char c : text(verb))
        out.push_back(lower(c));
    return out;
}

bj::object about(const openapi_info& info)
{
    bj::object out;
    out["title"] = info.title;
    if (!info.about.empty())
        out["description"] = info.about;
    out["version"] = info.version;
    return out;
}

bj::object paths_of(const std::vector<const route*>& routes, const openapi_info& info,
                    schema::describer& by)
{
    std::vector<std::string> schemes;
    schemes.reserve(info.security.size());
    for (const auto& [name, scheme] : info.security)
        schemes.push_back(name);
    detail::openapi_paths places;
    std::set<std::string> names;
    std::map<std::string, bj::object> sorted;
    for (const route* each : documented(routes)) {
        detail::openapi_place at = places.place(*each);
        const detail::operation_setting setting{.name = unique_name(*each, names),
                                                .path = std::move(at.parameters),
                                                .schemes = schemes};
        sorted[at.path][lower_text(*each->verb())] = detail::openapi_operation(*each, setting, by);
    }
    bj::object out;
    for (auto& [path, operations] : sorted)
        out[path] = std::move(operations);
    return out;
}

bj::object components_of(const openapi_info& info, bj::object answers, const schema::describer& by)
{
    bj::object out;
    out["schemas"] = by.definitions();
    out["responses"] = std::move(answers);
    if (!info.security.empty()) {
        bj::object& schemes = out["securitySchemes"].emplace_object();
        for (const auto& [name, scheme] : info.security)
            schemes[name] = scheme;
    }
    return out;
}

}  // namespace

bj::object bearer_scheme(std::string_view format)
{
    bj::object out;
    out["type"] = "http";
    out["scheme"] = "bearer";
    if (!format.empty())
        out["bearerFormat"] = format;
    return out;
}

bj::object basic_scheme()
{
    bj::object out;
    out["type"] = "http";
    out["scheme"] = "basic";
    return out;
}

bj::object api_key_scheme(std::string_view header)
{
    bj::object out;
    out["type"] = "apiKey";
    out["in"] = "header";
    out["name"] = header;
    return out;
}

bj::object openapi_document(const std::vector<const route*>& routes, const openapi_info& info)
{
    schema::describer by{schema::dialect::openapi};
    bj::object answers = detail::problem_answers(by);
    bj::object paths = paths_of(routes, info, by);

    bj::object out;
    out["openapi"] = "3.1.0";
    out["info"] = about(info);
    if (!info.servers.empty()) {
        bj::array& servers = out["servers"].emplace_array();
        for (const std::string& url : info.servers)
            servers.emplace_back(bj::object{{"url", url}});
    }
    if (!info.tags.empty()) {
        bj::array& tags = out["tags"].emplace_array();
        for (const auto& [name, words] : info.tags)
            tags.emplace_back(bj::object{{"name", name}, {"description", words}});
    }
    out["paths"] = std::move(paths);
    out["components"] = components_of(info, std::move(answers), by);
    if (info.adjust)
        info.adjust(out);
    return out;
}

bj::object openapi_document(const router& of, const openapi_info& info)
{
    return openapi_document(of.all(), info);
}

}  // namespace cohort::http
