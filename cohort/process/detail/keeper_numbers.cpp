#include <cohort/process/detail/keeper_numbers.hpp>

#include <cohort/base/unique_fd.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace cohort::process::detail {

namespace {

bool is_free(int first, int count) noexcept
{
    for (int number = first; number < first + count; ++number) {
        if (::fcntl(number, F_GETFD) != -1)
            return false;
    }
    return true;
}

}  // namespace

result<keeper_numbers> keeper_numbers::reserve()
{
    constexpr int preferred = 512;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return failed("read the limit of descriptors");
    const auto end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1U << 20));
    unique_fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (!nothing.valid())
        return failed("open", "/dev/null");

    int first = std::min(preferred, end - count);
    while (first >= 3 && first + count <= end && !is_free(first, count))
        first += count;
    if (first < 3 || first + count > end) {
        errno = EMFILE;
        return failed("reserve descriptors");
    }
    for (int number = first; number < first + count; ++number) {
        if (::dup3(nothing.borrow(), number, O_CLOEXEC) == -1)
            return failed("reserve descriptors");
    }
    return keeper_numbers{first};
}

void keeper_numbers::settle(int number, int what) const noexcept
{
    // One step: at no moment is the number free, or anybody else's.
    ::dup3(what, number, O_CLOEXEC);
    // Not unique_fd, which insists that it was open: we share this table with programs.
    ::close(what);
}

void keeper_numbers::vacate(int number) const noexcept { ::dup3(nothing(), number, O_CLOEXEC); }

void keeper_numbers::lend() const noexcept
{
    for (int i = 0; i < spares; ++i)
        ::close(spare() + i);
}

void keeper_numbers::take_back() const noexcept
{
    for (int i = 0; i < spares; ++i)
        vacate(spare() + i);
}

}  // namespace cohort::process::detail
