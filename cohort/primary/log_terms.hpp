#pragma once

#include <cohort/config/settings.hpp>
#include <cohort/observe/log.hpp>

namespace cohort::primary {

/// What this process writes from now on, and how.
inline void log_by(const config::log& terms)
{
    log::options wanted;
    wanted.least = log::parse_level(config::name_of(terms.level)).value_or(log::level::off);
    wanted.shape = terms.format == config::log_format::json ? log::format::json : log::format::text;
    log::configure(wanted);
}

}  // namespace cohort::primary
