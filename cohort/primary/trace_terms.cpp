#include <cohort/primary/trace_terms.hpp>

#include <cohort/observe/log.hpp>
#include <cohort/observe/tracer.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <string>

namespace cohort::primary {

namespace {

/// The same over restarts and upgrades, and another one on each machine and in each container: or
/// counters of several cohorts would be taken for one.
std::string instance_of(const config::settings& settings)
{
    std::array<char, 256> machine{};
    static_cast<void>(::gethostname(machine.data(), machine.size() - 1));
    return fmt::format("{}/{}", machine.data(), settings.name);
}

}  // namespace

observe::otlp_settings telemetry_of(const config::settings& settings)
{
    return observe::otlp_settings_from(
        observe::variables_of(settings.env),
        {.service = settings.name, .instance = instance_of(settings)});
}

observe::otlp_settings trace_by(const config::settings& settings)
{
    observe::otlp_settings said = telemetry_of(settings);
    for (const std::string& each : said.complaints)
        log::warn("{}; it counts as not set", each);
    observe::tracer::configure_unless_done(said.tracing);
    return said;
}

}  // namespace cohort::primary
