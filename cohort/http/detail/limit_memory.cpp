#include <cohort/http/detail/limit_memory.hpp>

#include <cohort/board/layout.hpp>
#include <cohort/observe/log.hpp>

#include <new>
#include <utility>

namespace cohort::http::detail {

namespace {

constexpr std::align_val_t page{board::commons_page};

}  // namespace

limit_memory::limit_memory(std::string limit, std::string area, std::size_t bytes) noexcept
    : limit_{std::move(limit)}, area_{std::move(area), bytes}, bytes_{bytes}
{}

limit_memory::~limit_memory() { ::operator delete[](own_.load(), page); }

limit_memory::place limit_memory::find()
{
    const auto found = area_.find();
    if (found)
        return {*found, whose::of_the_cohort};
    std::byte* mine = own_.load(std::memory_order_acquire);
    if (mine == nullptr) {
        std::byte* const fresh = new (page) std::byte[bytes_]{};
        if (own_.compare_exchange_strong(mine, fresh)) {
            mine = fresh;
            log::error("limit {} is not shared: {}; going on, with each worker counting alone",
                       limit_, found.error().text());
        } else {
            ::operator delete[](fresh, page);
        }
    }
    return {{mine, bytes_}, whose::of_this_process};
}

}  // namespace cohort::http::detail
