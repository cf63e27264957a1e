#include <cohort/http/files/file_cache.hpp>

#include <utility>

namespace cohort::http {

namespace {

std::size_t cost(const file_cache::entry& of) noexcept
{
    constexpr std::size_t overhead = 256;
    return of.key.size() + (of.what.bytes ? of.what.bytes->size() : 0) + overhead;
}

}  // namespace

const file_cache::entry* file_cache::find(std::string_view key)
{
    const auto found = by_key_.find(key);
    if (found == by_key_.end())
        return nullptr;
    all_.splice(all_.begin(), all_, found->second);
    return &all_.front();
}

void file_cache::confirm(std::string_view key, steady_time when)
{
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        found->second->looked = when;
        ++counted_.confirmed;
    }
}

void file_cache::keep(std::string key, detail::representation what, steady_time when)
{
    forget(key);
    ++counted_.misses;
    entry made{std::move(key), std::move(what), when};
    const std::size_t size = cost(made);
    if (size > bytes_max_)
        return;
    while (bytes_ + size > bytes_max_ || all_.size() >= entries_max) {
        drop(std::prev(all_.end()));
        ++counted_.evicted;
    }
    all_.push_front(std::move(made));
    by_key_.emplace(all_.front().key, all_.begin());
    bytes_ += size;
}

void file_cache::forget(std::string_view key)
{
    if (const auto found = by_key_.find(key); found != by_key_.end())
        drop(found->second);
}

void file_cache::drop(entries::iterator which)
{
    bytes_ -= cost(*which);
    by_key_.erase(which->key);
    all_.erase(which);
}

}  // namespace cohort::http
