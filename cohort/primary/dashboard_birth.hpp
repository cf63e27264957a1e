#pragma once

#include <cohort/base/error.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/door_tokens.hpp>
#include <cohort/primary/exhibit.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/sandbox.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace cohort::primary {

/// What the process of the dashboard cannot do any more: everything but to read its tokens, to find
/// hosts, and to talk to whom it is connected with. What else it shows the primary opens for it.
/// Errors: those of process::sandbox::prepare().
[[nodiscard]] result<std::shared_ptr<const process::sandbox>>
dashboard_box(const door_tokens& tokens);

/// How that process is born. A value.
struct dashboard_plan {
    std::string title;
    exhibit what;  ///< but for the hatch, which is made for it
    std::shared_ptr<const process::sandbox> box;
};

/// That process, and where it is given what it asks for. A resource.
struct dashboard_process {
    process::child child;
    std::unique_ptr<control::hatch> hatch;
};

/// Forks it. `from` outlives it. Errors: errc::threads_running; EAGAIN, EMFILE (again later).
[[nodiscard]] result<dashboard_process> give_birth_to(const dashboard_plan& plan,
                                                      asio::any_io_executor executor,
                                                      audience& life, control::larder& from);

}  // namespace cohort::primary
