#pragma once

#include <cohort/http/handler.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/route.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace cohort::http::detail {

/// A route as it was registered, not yet checked.
struct registration {
    std::optional<method> verb;
    std::string pattern;
    std::shared_ptr<const handler> answer;
    route_options options;
    std::source_location where;
};

/// A prefix with its routes, its middleware, and the branches inside it.
struct branch {
    std::string prefix;
    std::vector<registration> registrations = {};
    std::vector<std::shared_ptr<const middleware>> around = {};
    std::vector<route_check> checks = {};
    std::vector<std::shared_ptr<branch>> inner = {};
    bool closed = false;  // by freeze()
};

}  // namespace cohort::http::detail
