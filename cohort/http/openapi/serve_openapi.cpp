#include <cohort/http/openapi/serve_openapi.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/conditions.hpp>
#include <cohort/http/detail/openapi_page.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/response.hpp>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

/// SHA-256, in base64.
std::string digest(std::string_view text) { return crypto::to_base64(crypto::sha256(text).view()); }

/// Bytes that never change, and their name.
struct file {
    std::string bytes;
    std::string etag;
};

file make_file(std::string bytes)
{
    std::string etag = fmt::format("\"{}\"", digest(bytes));
    return {.bytes = std::move(bytes), .etag = std::move(etag)};
}

response answer_with(const request& of, const file& what, std::string type)
{
    const bool known = weigh(of, {.tag = what.etag}) == condition_outcome::not_modified;
    response answer = known ? response{304} : bytes(std::move(type), what.bytes);
    answer.header("ETag", what.etag).header("Cache-Control", "no-cache");
    answer.header("X-Content-Type-Options", "nosniff");
    return answer;
}

/// All routes below one router or group, and what is made of them.
///
/// Freezing tells of each route, once all are known. A second attempt to freeze names them again,
/// and puts living routes in the places of those that went with the first attempt.
class library {
public:
    explicit library(openapi_info info)
        : info_{std::move(info)}
    {}

    /// What is wrong with it, if anything is.
    std::optional<std::string> add(const route& one)
    {
        const route_key mine{one.pattern(), one.verb()};
        routes_[mine] = &one;
        if (const operation_id* id = one.note<operation_id>()) {
            const route_key& owner = ids_.try_emplace(id->name, mine).first->second;
            if (owner != mine)
                return fmt::format("its operation_id `{}` is that of another route, too", id->name);
        }
        for (const security* each : one.options().notes.all<security>()) {
            if (!knows(each->scheme))
                return fmt::format("the document has no security scheme `{}`", each->scheme);
        }
        return std::nullopt;
    }

    /// Any thread.
    const file& document()
    {
        std::call_once(made_, [this] {
            std::vector<const route*> all;
            all.reserve(routes_.size());
            for (const auto& [key, each] : routes_)
                all.push_back(each);
            file_ = make_file(boost::json::serialize(openapi_document(all, info_)));
        });
        return file_;
    }

private:
    using route_key = std::pair<std::string, std::optional<method>>;

    [[nodiscard]] bool knows(const std::string& scheme) const
    {
        return std::ranges::any_of(info_.security,
                                   [&](const auto& each) { return each.first == scheme; });
    }

    openapi_info info_;
    std::map<route_key, const route*> routes_;
    std::map<std::string, route_key> ids_;
    std::once_flag made_;
    file file_;
};

struct page {
    file whole;
    std::string policy;
};

page make_page()
{
    const detail::openapi_page parts = detail::openapi_page_parts();
    std::string whole = fmt::format("{}<style>{}</style>{}<script>{}</script>{}", parts.top,
                                    parts.style, parts.middle, parts.script, parts.bottom);
    std::string policy =
        fmt::format("default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; "
                    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                    "frame-ancestors 'none'",
                    digest(parts.script), digest(parts.style));
    return {.whole = make_file(std::move(whole)), .policy = std::move(policy)};
}

}  // namespace

void serve_openapi(routes& api, openapi_info info, const route_notes& notes)
{
    route_notes both{undocumented{}};
    both.add(notes);
    const auto all = std::make_shared<library>(std::move(info));
    api.check([all](const route& each) { return all->add(each); });
    api.get(
        "/openapi.json",
        [all](const request& of) { return answer_with(of, all->document(), "application/json"); },
        {.notes = both});
    api.get("/docs",
            [shown = std::make_shared<const page>(make_page())](const request& of) {
                return answer_with(of, shown->whole, "text/html; charset=utf-8")
                    .header("Content-Security-Policy", shown->policy);
            },
            {.notes = both});
}

}  // namespace cohort::http
