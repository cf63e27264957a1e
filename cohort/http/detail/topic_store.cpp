#include <cohort/http/detail/topic_store.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/observe/log.hpp>

#include <sys/mman.h>

#include <mutex>
#include <string_view>

namespace cohort::http::detail {

namespace {

/// The last one that was made.
constinit std::atomic<topic_store*> known{nullptr};

/// The commons are full: then what is published here is heard here.
std::span<std::byte> own_area(std::size_t bytes)
{
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    COHORT_ASSERT(memory != MAP_FAILED);
    return {static_cast<std::byte*>(memory), bytes};
}

std::span<std::byte> find(const board::commons& in, std::string_view name, std::size_t bytes)
{
    const auto found = in.area(name, bytes);
    if (found)
        return *found;
    log::error("topics are not shared: {}; going on within this process", found.error().text());
    return own_area(bytes);
}

}  // namespace

topic_store::topic_store(board::commons in)
    : in_{in},
      ring_{find(in, "topics/1", board::message_ring::bytes_for(blocks))},
      bells_{find(in, "bells/1", sizeof(board::bell_table)), in.identity()},
      cohort_{static_cast<std::uint32_t>(in.identity() >> 32)}
{}

topic_store& topic_store::current()
{
    static std::mutex making;
    const board::commons here = board::commons::here();
    topic_store* found = known.load(std::memory_order_acquire);
    if (found != nullptr && found->in_ == here)
        return *found;
    const std::lock_guard alone{making};
    found = known.load(std::memory_order_acquire);
    if (found == nullptr || !(found->in_ == here)) {
        // The one before is kept: subscriptions may refer to it.
        found = new topic_store{here};
        known.store(found, std::memory_order_release);
    }
    return *found;
}

bool topic_store::is_there() noexcept
{
    const topic_store* const found = known.load(std::memory_order_acquire);
    return found != nullptr && found->in_ == board::commons::here();
}

}  // namespace cohort::http::detail
