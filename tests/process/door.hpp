#pragma once
// The door of a cohort's dashboard: what is asked there, and what comes back.

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace cohort::testing {

/// What came back. A value.
struct answered {
    explicit answered(std::string text)
        : all{std::move(text)}
    {}
    [[nodiscard]] bool is(int status) const
    {
        return all.starts_with(fmt::format("HTTP/1.1 {} ", status));
    }
    [[nodiscard]] std::string body() const
    {
        const auto at = all.find("\r\n\r\n");
        return at == std::string::npos ? std::string{} : all.substr(at + 4);
    }
    [[nodiscard]] boost::json::object json() const
    {
        return boost::json::parse(body()).as_object();
    }
    std::string all;
};

/// One request, and all that comes until the server closes.
inline answered exchange(client over, std::string_view line, std::string_view more,
                         std::string_view body)
{
    std::string text =
        fmt::format("{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}", line, more);
    if (!body.empty())
        text +=
            fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    over.send(text + "\r\n" + std::string{body});
    return answered{over.receive_all()};
}

/// A Unix socket beside the admin socket of `app`.
inline std::string door_of(const running_program& of, std::string_view app)
{
    return (of.runtime_folder() / fmt::format("{}.http", app)).string();
}

/// `line`: "GET /readyz".
inline answered ask_at_door(const running_program& of, std::string_view app, std::string_view line)
{
    return exchange(client::to_unix(door_of(of, app)), line, {}, {});
}

}  // namespace cohort::testing
