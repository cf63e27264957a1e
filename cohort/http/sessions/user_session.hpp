#pragma once

#include <cohort/http/request.hpp>
#include <cohort/http/sessions/session_record.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

namespace detail {

/// What one request does to its session.
struct session_work {
    session_record record = {};
    std::string id = {};       // 32 random bytes; empty: there is no session
    std::string came_as = {};  // the id that the client brought, if it held
    bool used = false;         // somebody looked
    bool changed = false;
    bool destroyed = false;
    std::size_t bytes_max = 0;
    bool touched = false;  // to be written down as seen now, whatever is in it
};

}  // namespace detail

/// What is remembered of a user between requests: small texts by name. There is one for every
/// request below sessions(); it costs nothing until something is set.
///
/// A handle, valid while its request is handled; one thread at a time. What several requests of one
/// user change at a time is as the last of them left it.
class user_session {
public:
    explicit user_session(std::shared_ptr<detail::session_work> work) noexcept
        : work_{std::move(work)}
    {}

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;

    /// Throws cohort::failure (errc::too_large) if the session would be longer than its keeper
    /// takes: sessions hold who somebody is, not what they have.
    void set(std::string_view name, std::string_view value);

    void erase(std::string_view name);

    /// A new id with the same values, the old one is void; both expiries begin anew. At every login
    /// and whenever somebody may do more than before: who had planted an id then has nothing.
    void regenerate();

    /// Forgets everything: logout.
    void destroy();

    /// Did the client bring one that holds?
    [[nodiscard]] bool existed() const noexcept { return !work_->came_as.empty(); }

    /// Something to bind tokens to: the same for all requests of this session until regenerate().
    /// Not the id, from which it cannot be told. Begins a session if there is none.
    [[nodiscard]] std::string binding();

private:
    void begin();

    std::shared_ptr<detail::session_work> work_;
};

/// The session of a request below sessions(). Throws std::logic_error elsewhere.
[[nodiscard]] user_session session_of(const request& of);

}  // namespace cohort::http
