#pragma once
// For tests of middleware: a router with a route at "/" inside some hooks, asked without a server.

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/router.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http::detail {

/// A small application. "/" answers what `answers` (or `sees`, given the request) returns.
struct around {
    around()
    {
        api.on_handler_error([](const request&, std::string_view) noexcept {});
    }

    around& use(hooks each)
    {
        api.use(std::move(each));
        return *this;
    }

    void open()
    {
        if (api.frozen())
            return;
        api.any(
            "/", [this](const request& of) { return sees ? sees(of) : answers(); },
            std::move(options));
        const auto done = api.freeze();
        REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    }

    response send(std::string_view line, std::string_view fields = {}, std::string_view body = {},
                  request_source more = {})
    {
        open();
        parsed one{line, fields, body, more};
        return api.plan_for(one.of).to->run(one.of);
    }

    response get(std::string_view path = "/", std::string_view fields = {})
    {
        return send("GET " + std::string{path}, fields);
    }

    router api;
    route_options options;
    std::function<response()> answers = [] { return text("Hello, world"); };
    std::function<response(const request&)> sees;
};

}  // namespace cohort::http::detail
