#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/probing.hpp>
#include <cohort/primary/recycler.hpp>
#include <cohort/primary/supervisor.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cohort::primary {

/// Asks each worker over HTTP how it is, and how old its oldest request is: health.http and
/// health.request. Who is ill is told to the recycler. A resource of the primary's loop.
class checkup {
public:
    /// All outlive it.
    checkup(asio::any_io_executor executor, supervisor& of, recycler& cure, chronicle& past);

    /// Look, until cancelled. Deadline: none, this is their life.
    [[nodiscard]] awaitable<> ask_over_http();
    [[nodiscard]] awaitable<> look_at_requests();

private:
    [[nodiscard]] awaitable<> one_round(const config::http_probe& how);
    [[nodiscard]] bool can_be_asked(const tenant_view& who) const;
    [[nodiscard]] const config::health& terms() const { return of_.current()->settings().health; }
    struct complaint {
        recycle_reason why;
        std::string_view what;                           // "probes"
        std::function<std::string(std::uint32_t)> with;  // what is wrong with this worker
        std::string example;                             // "worker 3 answered 421"
    };
    void act_on(const probing::verdict& said, const complaint& about);

    asio::any_io_executor executor_;
    supervisor& of_;
    recycler& cure_;
    chronicle& past_;
    probing probes_;
    probing ages_;
};

}  // namespace cohort::primary
