#include <cohort/base/process_id.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace cohort {

namespace {

/// A word that no child inherits, or null where the kernel has no such memory.
std::atomic<pid_t>* own_word() noexcept
{
    constexpr std::size_t bytes = 4096;
    void* const page =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return nullptr;
    if (::madvise(page, bytes, MADV_WIPEONFORK) == -1) {
        ::munmap(page, bytes);
        return nullptr;
    }
    return new (page) std::atomic<pid_t>{0};
}

}  // namespace

pid_t process_id() noexcept
{
    static std::atomic<pid_t>* const kept = own_word();
    if (kept == nullptr)
        return ::getpid();
    pid_t id = kept->load(std::memory_order_relaxed);
    if (id == 0) {
        id = ::getpid();
        kept->store(id, std::memory_order_relaxed);
    }
    return id;
}

}  // namespace cohort
