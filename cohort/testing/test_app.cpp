#include <cohort/testing/test_app.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/testing/detail/conversation.hpp>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace cohort::testing {

namespace {

bool has(const header_list& headers, std::string_view name)
{
    return std::ranges::any_of(
        headers, [&](const auto& each) { return http::equal_ignoring_case(each.first, name); });
}

std::string written(const test_request& what)
{
    std::string bytes = fmt::format("{} {} HTTP/1.1\r\n", what.method, what.target);
    if (!has(what.headers, "Host"))
        bytes += "Host: test\r\n";
    for (const auto& [name, value] : what.headers)
        bytes += fmt::format("{}: {}\r\n", name, value);
    const bool framed =
        has(what.headers, "Content-Length") || has(what.headers, "Transfer-Encoding");
    if (!framed && !what.body.empty())
        bytes += fmt::format("Content-Length: {}\r\n", what.body.size());
    bytes += "\r\n";
    bytes += what.body;
    return bytes;
}

}  // namespace

test_app::test_app(http::router& api, test_options options)
    : router_{api}, options_{options}, loop_{std::make_unique<boost::asio::io_context>()}
{
    if (auto frozen = api.freeze(); !frozen)
        throw failure{std::move(frozen).error()};
}

test_app::~test_app() { lanes::of(*loop_).stop(); }

test_answer test_app::get(std::string_view target, header_list headers)
{
    return send({.target = std::string{target}, .headers = std::move(headers)});
}

test_answer test_app::head(std::string_view target, header_list headers)
{
    return send({.method = "HEAD", .target = std::string{target}, .headers = std::move(headers)});
}

test_answer test_app::del(std::string_view target, header_list headers)
{
    return send({.method = "DELETE", .target = std::string{target}, .headers = std::move(headers)});
}

test_answer test_app::options(std::string_view target, header_list headers)
{
    return send(
        {.method = "OPTIONS", .target = std::string{target}, .headers = std::move(headers)});
}

test_answer test_app::post(std::string_view target, const boost::json::value& body,
                           header_list headers)
{
    return send_json("POST", target, body, std::move(headers));
}

test_answer test_app::put(std::string_view target, const boost::json::value& body,
                          header_list headers)
{
    return send_json("PUT", target, body, std::move(headers));
}

test_answer test_app::patch(std::string_view target, const boost::json::value& body,
                            header_list headers)
{
    return send_json("PATCH", target, body, std::move(headers));
}

test_answer test_app::send_json(std::string_view method, std::string_view target,
                                const boost::json::value& body, header_list headers)
{
    if (!has(headers, "Content-Type"))
        headers.emplace_back("Content-Type", "application/json");
    return send({.method = std::string{method},
                 .target = std::string{target},
                 .headers = std::move(headers),
                 .body = boost::json::serialize(body)});
}

test_answer test_app::send(const test_request& what)
{
    const std::string sent = inject_bytes(written(what));
    std::string_view rest = sent;
    if (rest.starts_with(http::continue_answer))
        rest.remove_prefix(http::continue_answer.size());
    auto answer = test_answer::read(rest, what.method);
    if (!answer)
        throw failure{fault(errc::channel_closed, "read an answer",
                            fmt::format("{} {}", what.method, what.target))};
    return std::move(*answer);
}

std::string test_app::inject_bytes(std::string_view bytes)
{
    return inject_bytes(bytes, options_.packet_bytes);
}

std::string test_app::inject_bytes(std::string_view bytes, std::size_t packet_bytes)
{
    detail::conversation talk{
        router_,
        options_.limits,
        {.bytes = bytes, .packet_bytes = std::max<std::size_t>(packet_bytes, 1)},
        options_.slot};
    scope tasks{loop_->get_executor()};
    tasks.spawn(talk.serve());
    const steady_time end = now() + options_.patience;
    loop_->restart();
    while (tasks.size() > 0 && loop_->run_one_until(end) > 0) {
    }
    if (tasks.size() == 0)
        return talk.sent();

    // The handler refers to `talk`: it has to end before we leave, and one that ignores its
    // cancellation cannot be left at all.
    tasks.stop();
    loop_->restart();
    loop_->run_until(now() + options_.patience);
    throw failure{fault(errc::deadline_passed, "wait for an answer")};
}

}  // namespace cohort::testing
