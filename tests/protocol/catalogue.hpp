#pragma once
// What a strict server does with bytes that a careless or hostile client may send, RFC 9110 and
// 9112 section by section. Data only: catalogue_test.cpp runs it on the automata, wire_test.cpp on
// a live server, tools of ours on other parsers.

#include <string>
#include <vector>

namespace cohort::protocol {

/// One request that is understood, and how 01_hello answers it.
struct request {
    std::string method = "GET";
    std::string target = "/";
    std::string body = {};
    int status = 200;  ///< any_success: any 2xx.
};

inline constexpr int any_success = 2;

/// What becomes of the connection after the last answer.
enum class connection { stays, closes, either };

/// Who has to be asked: only a whole server knows about routes and sizes of bodies.
enum class judge { parser, server };

/// One case: bytes, the requests they hold, and the refusal that ends them, if any.
struct wire_case {
    std::string name;  ///< What is tried.
    std::string section = {};
    std::string bytes = {};
    std::vector<request> served = {};
    int refused = 0;        ///< Status of the refusal after `served`; 0: none.
    std::string rule = {};  ///< Its id; empty if a server refuses above the parser.
    connection after = connection::stays;
    judge by = judge::parser;

    wire_case&& closing() &&;
    wire_case&& in_either_case() &&;
    wire_case&& by_server() &&;
    wire_case&& first(std::vector<request> before) &&;
};

/// Bytes that hold `served`, and leave the connection open.
wire_case serves(std::string name, std::string bytes, std::vector<request> served = {request{}});

/// Bytes that are refused, and end the connection.
wire_case refuses(std::string name, int status, std::string rule, std::string bytes);

/// "GET / HTTP/1.1", Host, then `fields` ("A: b\r\n"…), then the empty line.
std::string get(const std::string& fields);

/// "GET <target> HTTP/1.1" with a Host.
std::string get_target(const std::string& target);

/// "POST /echo HTTP/1.1", Host, `fields`, empty line, `body`.
std::string post(const std::string& fields, const std::string& body);

/// The same with Transfer-Encoding: chunked.
std::string chunked(const std::string& body);

/// The request that `post` and `chunked` make, with the body that should come out.
request echoed(std::string body);

// The groups, each in its file.
std::vector<wire_case> line_cases();
std::vector<wire_case> request_line_cases();
std::vector<wire_case> version_cases();
std::vector<wire_case> target_cases();
std::vector<wire_case> field_cases();
std::vector<wire_case> host_cases();
std::vector<wire_case> length_cases();
std::vector<wire_case> coding_cases();
std::vector<wire_case> chunk_cases();
std::vector<wire_case> trailer_cases();
std::vector<wire_case> limit_cases();
std::vector<wire_case> connection_cases();
std::vector<wire_case> semantics_cases();

/// All of them. Names are unique.
std::vector<wire_case> catalogue();

}  // namespace cohort::protocol
