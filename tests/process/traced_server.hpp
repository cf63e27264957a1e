#pragma once
// programs/traced.cpp, and what its workers have recorded.

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testing {

struct traced_server {
    /// Where `env` names no endpoint nobody is at it: spans lie in the ring, to be asked for here.
    explicit traced_server(const std::vector<std::string>& env = {},
                           const std::vector<std::string>& more = {"--workers", "1"})
        : program{plan(env, more)}, port{port_of(program.wait_for("listening on port"))}
    {}
    static launch plan(const std::vector<std::string>& env, const std::vector<std::string>& more)
    {
        launch how;
        how.exec = PROCESS_PROGRAMS "traced";
        how.args = {"--bind", "127.0.0.1:0", "--name", "traced"};
        how.args.insert(how.args.end(), more.begin(), more.end());
        how.env = env;
        const auto says_where = [](const std::string& each) {
            return each.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT=");
        };
        if (std::ranges::none_of(env, says_where))
            how.env.emplace_back("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9");
        return how;
    }
    /// All, or those of one trace.
    std::vector<boost::json::object> spans(std::string_view of_trace = {})
    {
        client over{port};
        boost::json::value all = boost::json::parse(over.body_of("/spans"));
        std::vector<boost::json::object> found;
        for (auto& each : all.as_array()) {
            if (of_trace.empty() || std::string_view{each.at("traceId").as_string()} == of_trace)
                found.push_back(std::move(each.as_object()));
        }
        return found;
    }
    running_program program;
    std::uint16_t port = 0;
};

}  // namespace cohort::testing
