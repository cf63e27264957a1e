#include <cohort/schema/detail/extents.hpp>

#include <algorithm>
#include <cstdint>

namespace cohort::schema::detail {

const char* extents::end_of(const char* begin) const noexcept
{
    const auto found = std::ranges::lower_bound(all_, begin, {}, &entry::begin);
    return found != all_.end() && found->begin == begin ? found->end : nullptr;
}

extents::span::span(extents& of, const char* begin)
    : of_{of}, index_{SIZE_MAX}
{
    if (!of.all_.empty() && begin <= of.all_.back().begin)
        return;
    index_ = of.all_.size();
    of.all_.push_back({.begin = begin, .end = nullptr});
}

void extents::span::end(const char* at)
{
    if (index_ == SIZE_MAX)
        return;
    // What is inside of a short one is shorter still: this one is the last.
    if (static_cast<std::size_t>(at - of_.all_[index_].begin) < worth_it)
        of_.all_.resize(index_);
    else
        of_.all_[index_].end = at;
}

void extents::forget(const char* from) noexcept
{
    const auto first = std::ranges::lower_bound(all_, from, {}, &entry::begin);
    all_.erase(first, all_.end());
}

}  // namespace cohort::schema::detail
