#include <cohort/http/openapi/serve_openapi.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/detail/openapi_page.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/response.hpp>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
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
std::string digest(std::string_view text)
{
    std::array<unsigned char, 32> hash{};
    unsigned length = 0;
    COHORT_ASSERT(
        EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_sha256(), nullptr) == 1);
    std::array<unsigned char, 45> encoded{};
    const int size = EVP_EncodeBlock(encoded.data(), hash.data(), static_cast<int>(length));
    return {encoded.begin(), encoded.begin() + size};
}

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

/// Does If-None-Match name it? (RFC 9110, 13.1.2: weak comparison, a list.)
bool is_known(const request& of, std::string_view etag)
{
    for (std::string_view line : of.headers("If-None-Match")) {
        while (!line.empty()) {
            const std::size_t end = std::min(line.find(','), line.size());
            std::string_view one = trim(line.substr(0, end));
            line.remove_prefix(std::min(end + 1, line.size()));
            if (one.starts_with("W/"))
                one.remove_prefix(2);
            if (one == etag || one == "*")
                return true;
        }
    }
    return false;
}

response answer_with(const request& of, const file& what, std::string type)
{
    response answer = is_known(of, what.etag) ? response{304} : bytes(std::move(type), what.bytes);
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

    void add(const route& one) { routes_[{one.pattern(), one.verb()}] = &one; }

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
    openapi_info info_;
    std::map<std::pair<std::string, std::optional<method>>, const route*> routes_;
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
                    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
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
    api.check([all](const route& each) -> std::optional<std::string> {
        all->add(each);
        return std::nullopt;
    });
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
