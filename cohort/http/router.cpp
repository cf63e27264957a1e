#include <cohort/http/router.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/detail/branch.hpp>
#include <cohort/http/detail/route_table.hpp>
#include <cohort/http/request_log.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/ranges.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::http {

namespace {

detail::branch& open(const std::shared_ptr<detail::branch>& at)
{
    if (!at || at->closed)
        throw std::logic_error{"a route, group or middleware was added to a router that is frozen "
                               "or was moved away"};
    return *at;
}

void close(detail::branch& at)
{
    at.closed = true;
    for (const auto& inner : at.inner)
        close(*inner);
}

/// While the exception is being handled.
void log_error(const request& of, std::string_view) noexcept
{
    constexpr std::size_t path_bytes_max = 256;
    const std::string client = requester_of(of).address.text();
    const std::exception_ptr thrown = std::current_exception();
    log_of(of).error({{"method", of.method_text()},
                      {"route", of.pattern()},
                      {"path", of.path().substr(0, path_bytes_max)},
                      {"client", client},
                      {"err", thrown}},
                     "a handler failed; the client was answered with 500");
}

}  // namespace

routes& routes::add(std::optional<method> verb, std::string_view pattern, handler answer,
                    route_options options, location where)
{
    options.notes.add(answer.notes());
    open(branch_).registrations.push_back(
        {.verb = verb,
         .pattern = std::string{pattern},
         .answer = std::make_shared<const handler>(std::move(answer)),
         .options = std::move(options),
         .where = where});
    return *this;
}

routes& routes::get(std::string_view pattern, handler answer, route_options options, location where)
{
    return add(method::get, pattern, std::move(answer), std::move(options), where);
}

routes& routes::head(std::string_view pattern, handler answer, route_options options,
                     location where)
{
    return add(method::head, pattern, std::move(answer), std::move(options), where);
}

routes& routes::post(std::string_view pattern, handler answer, route_options options,
                     location where)
{
    return add(method::post, pattern, std::move(answer), std::move(options), where);
}

routes& routes::put(std::string_view pattern, handler answer, route_options options, location where)
{
    return add(method::put, pattern, std::move(answer), std::move(options), where);
}

routes& routes::patch(std::string_view pattern, handler answer, route_options options,
                      location where)
{
    return add(method::patch, pattern, std::move(answer), std::move(options), where);
}

routes& routes::del(std::string_view pattern, handler answer, route_options options, location where)
{
    return add(method::del, pattern, std::move(answer), std::move(options), where);
}

routes& routes::options(std::string_view pattern, handler answer, route_options options,
                        location where)
{
    return add(method::options, pattern, std::move(answer), std::move(options), where);
}

routes& routes::any(std::string_view pattern, handler answer, route_options options, location where)
{
    return add(std::nullopt, pattern, std::move(answer), std::move(options), where);
}

routes& routes::use(hooks each)
{
    open(branch_).around.push_back(std::make_shared<const middleware>(std::move(each)));
    return *this;
}

routes& routes::use(onion around)
{
    open(branch_).around.push_back(std::make_shared<const middleware>(std::move(around)));
    return *this;
}

routes& routes::check(route_check rule)
{
    open(branch_).checks.push_back(std::move(rule));
    return *this;
}

routes routes::group(std::string_view prefix)
{
    auto inner = std::make_shared<detail::branch>(detail::branch{.prefix = std::string{prefix}});
    open(branch_).inner.push_back(inner);
    return routes{std::move(inner)};
}

routes& routes::mount(std::string_view prefix, router other)
{
    open(other.branch_);
    auto inner = std::make_shared<detail::branch>(detail::branch{.prefix = std::string{prefix}});
    inner->inner.push_back(std::move(other.branch_));
    open(branch_).inner.push_back(std::move(inner));
    return *this;
}

router::router()
    : routes{std::make_shared<detail::branch>()}
{}
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

router& router::on_handler_error(error_observer observer)
{
    open(branch_);
    observer_ = std::make_shared<const error_observer>(std::move(observer));
    return *this;
}

result<> router::freeze()
{
    if (frozen())
        return {};
    if (!observer_)
        observer_ = std::make_shared<const error_observer>(log_error);
    std::vector<std::string> mistakes;
    auto table = std::make_unique<detail::route_table>(open(branch_), observer_, mistakes);
    if (!mistakes.empty())
        return failed(errc::bad_value, "register routes",
                      fmt::format("{}", fmt::join(mistakes, "; ")));
    close(*branch_);
    table_ = std::move(table);
    return {};
}

plan router::plan_for(request& of) const
{
    COHORT_ASSERT(frozen());
    return table_->find(of);
}

std::vector<const route*> router::all() const
{
    COHORT_ASSERT(frozen());
    return table_->all();
}

}  // namespace cohort::http
