#include <cohort/process/seat_lock.hpp>

#include <cerrno>
#include <new>

namespace cohort::process {

namespace {

std::unexpected<fault> broken(int why)
{
    return std::unexpected(fault(error_code{why, boost::system::system_category()}, "take a seat"));
}

}  // namespace

static_assert(sizeof(pthread_mutex_t) <= sizeof(board::journal_header::seat));

seat_lock::seat_lock(board::journal_header& of) noexcept
    : mutex_{std::launder(reinterpret_cast<pthread_mutex_t*>(of.seat.data()))}
{}

result<> seat_lock::init() noexcept
{
    pthread_mutexattr_t how;
    int why = ::pthread_mutexattr_init(&how);
    if (why == 0)
        why = ::pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    if (why == 0)
        why = ::pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    if (why == 0)
        why = ::pthread_mutex_init(::new (mutex_) pthread_mutex_t, &how);
    ::pthread_mutexattr_destroy(&how);
    if (why != 0)
        return std::unexpected(
            fault(error_code{why, boost::system::system_category()}, "make a seat"));
    return {};
}

result<seating> seat_lock::acquire() noexcept
{
    const int outcome = ::pthread_mutex_lock(mutex_);
    if (outcome == 0)
        return seating::fresh;
    if (outcome != EOWNERDEAD)
        return broken(outcome);
    // Nothing is guarded by it, so nothing has to be mended. If we die before this line, the next
    // one is told the same.
    ::pthread_mutex_consistent(mutex_);
    return seating::owner_died;
}

result<std::optional<seating>> seat_lock::try_acquire() noexcept
{
    const int outcome = ::pthread_mutex_trylock(mutex_);
    if (outcome == EBUSY)
        return std::nullopt;
    if (outcome == 0)
        return seating::fresh;
    if (outcome != EOWNERDEAD)
        return broken(outcome);
    ::pthread_mutex_consistent(mutex_);
    return seating::owner_died;
}

bool seat_lock::release() noexcept { return ::pthread_mutex_unlock(mutex_) == 0; }

}  // namespace cohort::process
