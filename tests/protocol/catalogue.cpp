#include "catalogue.hpp"

#include <utility>

namespace cohort::protocol {

wire_case&& wire_case::closing() &&
{
    after = connection::closes;
    return std::move(*this);
}

wire_case&& wire_case::in_either_case() &&
{
    after = connection::either;
    return std::move(*this);
}

wire_case&& wire_case::by_server() &&
{
    by = judge::server;
    return std::move(*this);
}

wire_case&& wire_case::first(std::vector<request> before) &&
{
    served = std::move(before);
    return std::move(*this);
}

wire_case serves(std::string name, std::string bytes, std::vector<request> served)
{
    wire_case made;
    made.name = std::move(name);
    made.bytes = std::move(bytes);
    made.served = std::move(served);
    return made;
}

wire_case refuses(std::string name, int status, std::string rule, std::string bytes)
{
    wire_case made;
    made.name = std::move(name);
    made.bytes = std::move(bytes);
    made.refused = status;
    made.rule = std::move(rule);
    made.after = connection::closes;
    return made;
}

std::string get(const std::string& fields)
{
    return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string get_target(const std::string& target)
{
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string post(const std::string& fields, const std::string& body)
{
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::string chunked(const std::string& body)
{
    return post("Transfer-Encoding: chunked\r\n", body);
}

request echoed(std::string body)
{
    return {.method = "POST", .target = "/echo", .body = std::move(body)};
}

std::vector<wire_case> catalogue()
{
    struct group {
        const char* section;
        std::vector<wire_case> (*cases)();
    };
    const group groups[] = {
        {"RFC 9112 section 2.2, lines", line_cases},
        {"RFC 9112 section 3, request lines", request_line_cases},
        {"RFC 9112 section 2.3, versions", version_cases},
        {"RFC 9112 section 3.2, targets", target_cases},
        {"RFC 9112 section 5, RFC 9110 section 5, fields", field_cases},
        {"RFC 9110 section 7.2, Host", host_cases},
        {"RFC 9110 section 8.6, Content-Length", length_cases},
        {"RFC 9112 section 6.1, Transfer-Encoding", coding_cases},
        {"RFC 9112 section 7.1, chunks", chunk_cases},
        {"RFC 9112 section 7.1.2, trailers", trailer_cases},
        {"RFC 9112 section 3, RFC 6585 section 5, limits", limit_cases},
        {"RFC 9112 section 9, connections", connection_cases},
        {"RFC 9110 sections 9 and 10, methods and Expect", semantics_cases},
    };
    std::vector<wire_case> all;
    for (const group& g : groups) {
        for (wire_case& one : g.cases()) {
            one.section = g.section;
            all.push_back(std::move(one));
        }
    }
    return all;
}

}  // namespace cohort::protocol
