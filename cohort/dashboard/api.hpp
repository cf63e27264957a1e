#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/dashboard/orders.hpp>
#include <cohort/dashboard/papers.hpp>
#include <cohort/dashboard/watchman.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/topics/event_stream.hpp>

#include <cstdint>
#include <optional>

namespace cohort::dashboard {

/// The admin API: what the command line can see and do, as JSON. A resource.
///
///     GET  /access  /state  /stream  /cohort  /workers  /workers/{slot}  /events
///     GET  /why  /why/{slot}  /level  /workers/{slot}/level  and those of papers
///     POST /{verb}  /workers/{slot}/{verb}             see order_rules()
///     GET  /openapi.json  /docs
class api {
public:
    api(const inquiry& primary, watchman& eyes)
        : eyes_{eyes}, orders_{primary}, papers_{primary}
    {}

    /// Adds all of it. Lifetime: this outlives the routes.
    /// @param to  a group of its own: "/api/v1"
    void add_to(http::routes& to);

private:
    [[nodiscard]] awaitable<http::response> state() const;
    [[nodiscard]] awaitable<http::response> workers() const;
    [[nodiscard]] awaitable<http::response> events(const http::request& of) const;
    [[nodiscard]] awaitable<http::response> look(const char* verb,
                                                 std::optional<std::uint32_t> slot) const;
    [[nodiscard]] awaitable<> stream(http::event_writer& out) const;
    void add_views(http::routes& to);
    void add_orders(http::routes& to);

    watchman& eyes_;
    orders orders_;
    papers papers_;
};

}  // namespace cohort::dashboard
