#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/route.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

namespace detail {
struct branch;      // a prefix with its routes and middleware, as registered
class route_table;  // what a frozen router looks up in
}  // namespace detail

class router;

/// Where routes are registered: a router, or a group inside one.
///
/// Patterns: "/users/{id}" takes one segment, not empty; "/files/{rest...}" takes all that follows,
/// slashes included, also nothing. Segments are split first and percent-decoded then. The most
/// specific route wins, whatever the order of registration: plain text before {name} before
/// {rest...}, segment by segment from the left; a route that lacks the method gives way to a less
/// specific one that has it. A final slash is part of the path: "/a" and "/a/" are two resources.
class routes {
public:
    using location = std::source_location;

    /// Registers a handler. What is wrong with it is said by freeze(), for all routes at once.
    routes& get(std::string_view pattern, handler answer, route_options options = {},
                location where = location::current());
    routes& head(std::string_view pattern, handler answer, route_options options = {},
                 location where = location::current());
    routes& post(std::string_view pattern, handler answer, route_options options = {},
                 location where = location::current());
    routes& put(std::string_view pattern, handler answer, route_options options = {},
                location where = location::current());
    routes& patch(std::string_view pattern, handler answer, route_options options = {},
                  location where = location::current());
    routes& del(std::string_view pattern, handler answer, route_options options = {},
                location where = location::current());
    routes& options(std::string_view pattern, handler answer, route_options options = {},
                    location where = location::current());

    /// Every method that has no route of its own at this pattern.
    routes& any(std::string_view pattern, handler answer, route_options options = {},
                location where = location::current());

    /// Puts middleware around all routes of this router or group, wherever in the file they are
    /// registered; the first one used is the outermost, and those of the outer group come first.
    routes& use(hooks each);
    routes& use(onion around);

    /// `F` is task<response>(request&, next).
    template <class F>
        requires std::is_invocable_r_v<awaitable<response>, const F&, request&, next>
    routes& use(F around)
    {
        return use(onion{.name = "middleware", .around = std::move(around)});
    }

    /// Has every route of this router or group looked at by freeze(): what `rule` returns is a
    /// mistake, and the program does not start.
    routes& check(route_check rule);

    /// Routes that share a prefix ("/v1", or "" for none) and middleware. The group is a handle: it
    /// may be dropped, and must not be used after the router is gone or frozen.
    [[nodiscard]] routes group(std::string_view prefix);

    /// Moves all routes and middleware of another router under a prefix.
    routes& mount(std::string_view prefix, router other);

protected:
    explicit routes(std::shared_ptr<detail::branch> at) noexcept
        : branch_{std::move(at)}
    {}
    routes& add(std::optional<method> verb, std::string_view pattern, handler answer,
                route_options options, location where);

    std::shared_ptr<detail::branch> branch_;
};

/// What was found for a request.
struct plan {
    /// Never null. 404, 405 (with Allow), the automatic OPTIONS (204 with Allow) and refused paths
    /// are routes too, in line and with body_use::unread, so that middleware sees them.
    const route* to;

    /// False for those.
    bool registered;
};

/// The application's routes. A resource; it must outlive every request.
///
/// Automatic: HEAD is answered by the GET route (the server sends no body), OPTIONS by the methods
/// there are, wrong methods by 405 with Allow, unknown methods by 501.
/// Paths are not normalised but refused with 400 where they could mean two things: "." and ".."
/// segments, also percent-encoded; %00; malformed percent encoding or UTF-8; an encoded slash
/// inside {rest...}. An empty segment ("//") matches no {name}.
class router : public routes {
public:
    router();
    router(router&&) noexcept;
    router& operator=(router&&) noexcept;
    ~router();

    /// Hears of what handlers threw (see error_observer). Before freeze(). Nothing set: the log.
    router& on_handler_error(error_observer observer);

    /// Checks everything and builds the table; nothing can be registered afterwards. A second call
    /// does nothing. Errors: errc::bad_value, with every conflict and mistake and where it is.
    [[nodiscard]] result<> freeze();

    [[nodiscard]] bool frozen() const noexcept { return table_ != nullptr; }

    /// Finds the route and notes the path's parameters in `of`. Frozen only. Any thread. Allocates
    /// nothing for routes without parameters in percent encoding.
    [[nodiscard]] plan plan_for(request& of) const;

    /// All registered routes, sorted by pattern. Frozen only.
    [[nodiscard]] std::vector<const route*> all() const;

private:
    std::unique_ptr<const detail::route_table> table_;
    std::shared_ptr<const error_observer> observer_;
};

}  // namespace cohort::http
