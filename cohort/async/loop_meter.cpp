#include <cohort/async/loop_meter.hpp>

namespace cohort {

loop_meter& loop_meter::here() noexcept
{
    thread_local constinit loop_meter mine;
    return mine;
}

}  // namespace cohort
