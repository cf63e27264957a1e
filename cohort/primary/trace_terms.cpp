#include <cohort/primary/trace_terms.hpp>

#include <cohort/observe/log.hpp>
#include <cohort/observe/tracer.hpp>

#include <string>

namespace cohort::primary {

observe::otlp_settings telemetry_of(const config::settings& settings)
{
    return observe::otlp_settings_from(observe::variables_of(settings.env),
                                       {.service = settings.name});
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
