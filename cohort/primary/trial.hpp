#pragma once

#include <cohort/base/error.hpp>
#include <cohort/config/settings.hpp>

namespace cohort::primary {

/// Opens every address of the settings, and closes them again: one that cannot be had is said once,
/// before anybody is started, instead of by every worker. Not for who was passed sockets by a
/// service manager. Errors: errc::bad_value, an address twice; those of net::open_listener().
[[nodiscard]] result<> try_addresses(const config::settings& of);

}  // namespace cohort::primary
