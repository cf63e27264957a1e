#include <cohort/http/date_clock.hpp>

#include <cohort/base/clock.hpp>

namespace cohort::http {

date_clock machine_clock()
{
    return [] { return wall_seconds_coarse(); };
}

}  // namespace cohort::http
