#include <cohort/primary/dealing_book.hpp>

#include <utility>

namespace cohort::primary {

std::size_t dealing_book::waiting(std::uint32_t endpoint) const noexcept
{
    const auto of = waiting_at_.find(endpoint);
    return of == waiting_at_.end() ? 0 : of->second;
}

void dealing_book::wait(parcel what)
{
    ++waiting_at_[what.endpoint];
    waiting_.push_back(std::move(what));
}

void dealing_book::wait_again(parcel what)
{
    ++waiting_at_[what.endpoint];
    waiting_.push_front(std::move(what));
}

std::optional<parcel> dealing_book::next()
{
    if (waiting_.empty())
        return std::nullopt;
    parcel first = std::move(waiting_.front());
    waiting_.pop_front();
    if (--waiting_at_[first.endpoint] == 0)
        waiting_at_.erase(first.endpoint);
    return first;
}

std::uint64_t dealing_book::given(std::uint32_t slot, parcel what, steady_time when)
{
    ++sequence_;
    ++on_their_way_;
    sent_[slot].emplace(sequence_, sent{std::move(what), when});
    return sequence_;
}

std::optional<parcel> dealing_book::take_back(std::uint32_t slot, std::uint64_t sequence)
{
    const auto of = sent_.find(slot);
    if (of == sent_.end())
        return std::nullopt;
    const auto at = of->second.find(sequence);
    if (at == of->second.end())
        return std::nullopt;
    parcel back = std::move(at->second.what);
    of->second.erase(at);
    --on_their_way_;
    return back;
}

dealing_book::returned dealing_book::take_back_all(std::uint32_t slot)
{
    returned back;
    const auto of = sent_.find(slot);
    if (of == sent_.end())
        return back;
    for (auto& [sequence, each] : of->second) {
        ++each.what.attempts;
        auto& to = each.what.attempts < attempts_max ? back.again : back.spent;
        to.push_back(std::move(each.what));
    }
    on_their_way_ -= of->second.size();
    sent_.erase(of);
    return back;
}

std::vector<dealing_book::place> dealing_book::sent_before(steady_time when) const
{
    std::vector<place> found;
    for (const auto& [slot, of] : sent_) {
        for (const auto& [sequence, each] : of) {
            if (each.when >= when)
                break;  // in the order in which they were given
            found.push_back({.slot = slot, .sequence = sequence});
        }
    }
    return found;
}

const parcel* dealing_book::look(place at) const noexcept
{
    const auto of = sent_.find(at.slot);
    if (of == sent_.end())
        return nullptr;
    const auto found = of->second.find(at.sequence);
    return found == of->second.end() ? nullptr : &found->second.what;
}

std::size_t dealing_book::towards(std::uint32_t slot) const noexcept
{
    const auto of = sent_.find(slot);
    return of == sent_.end() ? 0 : of->second.size();
}

std::optional<steady_time> dealing_book::oldest(std::uint32_t slot) const noexcept
{
    const auto of = sent_.find(slot);
    if (of == sent_.end() || of->second.empty())
        return std::nullopt;
    return of->second.begin()->second.when;
}

}  // namespace cohort::primary
