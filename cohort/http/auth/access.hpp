#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/auth/role_policy.hpp>
#include <cohort/http/auth/subject.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/router.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// What access() did, for metrics. A resource; any thread reads.
struct access_counts {
    std::atomic<std::uint64_t> allowed{0};
    std::atomic<std::uint64_t> refused{0};  ///< No role has it, or one is denied it: 403.
    std::atomic<std::uint64_t> unknown{0};  ///< Nobody has said who they are: 401.
    std::atomic<std::uint64_t> unasked{0};  ///< Handlers that forgot require_access(): 500.
};

/// The policy that is in force, and which permissions routes need. A resource, shared by the
/// routers below it; any thread.
class access_control {
public:
    explicit access_control(role_policy first)
        : policy_{std::make_shared<const role_policy>(std::move(first))}
    {}

    /// Puts another policy in force, for requests that begin from now on.
    ///
    /// @return       Its epoch: 2 and more. Workers that say the same one have the same policy.
    ///
    /// Errors:       errc::bad_value, a route needs a permission that it does not know; the old
    ///               one stays.
    result<std::uint64_t> replace(role_policy by);

    [[nodiscard]] std::shared_ptr<const role_policy> policy() const;
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

    [[nodiscard]] access_counts& counts() noexcept { return counts_; }

    /// A route needs this permission. False if the policy does not know it.
    [[nodiscard]] bool need(const std::string& permission);

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const role_policy> policy_;
    std::set<std::string> needed_;
    std::atomic<std::uint64_t> epoch_{1};
    access_counts counts_;
};

/// From here on every route says who may use it, by a `permission` or by `open_to_all` among its
/// notes: freeze() refuses one that says neither, both, or a permission that the policy does not
/// know. Requests by subjects without the permission are answered 403, by nobody in particular 401;
/// the log has the reason, the client has not.
///
/// Put what finds out who asks (authenticated(), sessions()) further out. Where a grant depends on
/// the object, the request goes on and the handler says require_access(); if it answers without
/// having asked, the answer is replaced by 500.
void access(routes& on, std::shared_ptr<access_control> by);

namespace detail {
void require(const request& of, object_view about);
[[nodiscard]] bool may(const request& of, std::string_view permission, object_view about);
}  // namespace detail

/// The route's permission, asked for the object at hand. Throws a refusal with 403 without it.
/// Below access() only: std::logic_error elsewhere.
template <class T>
void require_access(const request& of, const T& object)
{
    detail::require(of, object_view::of(object));
}

/// Whether who asks has some other permission: for what an answer shows or leaves out. As above;
/// open routes answer false to those who have not said who they are.
[[nodiscard]] inline bool may(const request& of, std::string_view permission)
{
    return detail::may(of, permission, {});
}
template <class T>
[[nodiscard]] bool may(const request& of, std::string_view permission, const T& object)
{
    return detail::may(of, permission, object_view::of(object));
}

}  // namespace cohort::http
