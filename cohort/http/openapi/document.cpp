#include <cohort/http/openapi/document.hpp>

#include <cohort/http/detail/openapi_operation.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/method.hpp>
#include <cohort/http/openapi/notes.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <set>
#include <tuple>

namespace cohort::http {

namespace {

namespace bj = boost::json;

/// Those that are documented, by pattern and method, whatever the order they came in.
std::vector<const route*> documented(std::vector<const route*> all)
{
    std::erase_if(all, [](const route* each) {
        return !each->verb() || each->note<undocumented>() != nullptr;
    });
    std::ranges::sort(all, {}, [](const route* each) {
        return std::tuple{detail::openapi_path(each->pattern()), *each->verb()};
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
    schema::describer by{"#/components/schemas/"};
    bj::object components;
    components["schemas"].emplace_object();
    components["responses"] = detail::problem_answers(by);

    std::set<std::string> names;
    bj::object paths;
    for (const route* each : documented(routes)) {
        bj::value& path = paths[detail::openapi_path(each->pattern())];
        if (!path.is_object())
            path.emplace_object();
        path.as_object()[lower_text(*each->verb())] =
            detail::openapi_operation(*each, unique_name(*each, names), by);
    }

    components["schemas"] = by.definitions();
    if (!info.security.empty()) {
        bj::object& schemes = components["securitySchemes"].emplace_object();
        for (const auto& [name, scheme] : info.security)
            schemes[name] = scheme;
    }

    bj::object out;
    out["openapi"] = "3.1.0";
    out["info"] = about(info);
    if (!info.servers.empty()) {
        bj::array& servers = out["servers"].emplace_array();
        for (const std::string& url : info.servers)
            servers.emplace_back(bj::object{{"url", url}});
    }
    out["paths"] = std::move(paths);
    out["components"] = std::move(components);
    return out;
}

bj::object openapi_document(const router& of, const openapi_info& info)
{
    return openapi_document(of.all(), info);
}

}  // namespace cohort::http
