#include <cohort/process/detail/twin_gate.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

#include <climits>
#include <new>

namespace cohort::process::detail {

result<twin_gate> twin_gate::create()
{
    void* const page = ::mmap(nullptr, sizeof(std::atomic<std::uint32_t>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return failed("map the gate of newborns");
    return twin_gate{::new (page) std::atomic<std::uint32_t>{0}};
}

void twin_gate::open(std::uint32_t serial) const noexcept
{
    word_->store(serial, std::memory_order_release);
    ::syscall(SYS_futex, word_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void twin_gate::pass(std::uint32_t serial) const noexcept
{
    for (;;) {
        const std::uint32_t seen = word_->load(std::memory_order_acquire);
        if (static_cast<std::int32_t>(seen - serial) >= 0)
            return;
        ::syscall(SYS_futex, word_, FUTEX_WAIT, seen, nullptr, nullptr, 0);
    }
}

}  // namespace cohort::process::detail
