#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/router.hpp>
#include <cohort/testing/test_answer.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testing {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// One request to send. Host and Content-Length are added unless `headers` have them.
struct test_request {
    std::string method = "GET";
    std::string target = "/";
    header_list headers = {};
    std::string body = {};
};

/// How a test_app works. A value.
struct test_options {
    http::limits limits = {};

    /// Bytes that arrive at once. 1 finds parsers that count on whole packets.
    std::size_t packet_bytes = 65'536;

    /// A handler that takes longer fails the test instead of hanging it.
    std::chrono::seconds patience{30};

    unsigned slot = 0;
};

/// An application under test, asked without a port or a process:
///
///     cohort::testing::test_app app{api};
///     const auto answer = app.post("/payments", {{"to", "Ada"}, {"cents", 500}});
///     CHECK(answer.status() == 201);
///
/// Requests are written as bytes and take the server's own way from there: its connection automaton
/// (http/exchange.hpp), parser, limits, router, middleware, handlers (plain, on lanes, coroutines
/// on a private loop), serializer; the answer is read back from its bytes. Only time-outs and
/// backpressure have no part in it: there is no network. A resource, of one thread.
class test_app {
public:
    /// Freezes `api`, which must outlive this. Throws cohort::failure with its conflicts.
    explicit test_app(http::router& api, test_options options = {});
    test_app(const test_app&) = delete;
    test_app& operator=(const test_app&) = delete;
    ~test_app();

    /// Each throws cohort::failure: errc::channel_closed, the connection was cut before the answer
    /// was complete; errc::deadline_passed, no answer within `patience`.
    test_answer get(std::string_view target, header_list headers = {});
    test_answer head(std::string_view target, header_list headers = {});
    test_answer del(std::string_view target, header_list headers = {});
    test_answer options(std::string_view target, header_list headers = {});

    /// With Content-Type: application/json.
    test_answer post(std::string_view target, const boost::json::value& body,
                     header_list headers = {});
    test_answer put(std::string_view target, const boost::json::value& body,
                    header_list headers = {});
    test_answer patch(std::string_view target, const boost::json::value& body,
                      header_list headers = {});

    /// Anything that can be written as a request; any body.
    test_answer send(const test_request& what);

    /// What a server answers to these bytes on one connection, whose client then sends no more:
    /// several requests, broken ones, nothing at all. Throws errc::deadline_passed only.
    std::string inject_bytes(std::string_view bytes);

    /// The same in packets of this size. 0 counts as 1.
    std::string inject_bytes(std::string_view bytes, std::size_t packet_bytes);

private:
    test_answer send_json(std::string_view method, std::string_view target,
                          const boost::json::value& body, header_list headers);

    const http::router& router_;
    test_options options_;
    std::unique_ptr<boost::asio::io_context> loop_;
};

}  // namespace cohort::testing
