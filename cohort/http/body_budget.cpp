#include <cohort/http/body_budget.hpp>

#include <cohort/base/assert.hpp>

#include <utility>

namespace cohort::http {

void body_share::is_whole() noexcept
{
    if (of_ != nullptr && std::exchange(whose_, nullptr) != nullptr)
        of_->unlink(*this);
}

void body_share::release() noexcept
{
    if (of_ == nullptr)
        return;
    is_whole();
    of_->bytes_ -= std::exchange(bytes_, 0U);
    of_ = nullptr;
}

body_budget::~body_budget() { COHORT_ASSERT(bytes_ == 0); }

bool body_budget::hold(body_share& by, body_holder& whose, std::uint64_t bytes,
                       steady_time now) noexcept
{
    COHORT_ASSERT(by.of_ == nullptr || by.of_ == this);
    if (bytes <= by.bytes_)
        return true;
    const std::uint64_t more = bytes - by.bytes_;
    while (bytes_max_ != 0 && bytes_ + more > bytes_max_) {
        body_share* const oldest = oldest_;
        if (oldest == nullptr || oldest == &by || now - oldest->since_ < sure_for) {
            ++refused_;
            by.release();
            return false;
        }
        ++given_up_;
        oldest->whose_->give_body_up();
        COHORT_ASSERT(oldest_ != oldest);
    }
    if (by.of_ == nullptr) {
        by.of_ = this;
        by.whose_ = &whose;
        by.since_ = now;
        by.prev_ = newest_;
        (newest_ != nullptr ? newest_->next_ : oldest_) = &by;
        newest_ = &by;
    }
    by.bytes_ = bytes;
    bytes_ += more;
    return true;
}

void body_budget::unlink(body_share& who) noexcept
{
    (who.prev_ != nullptr ? who.prev_->next_ : oldest_) = who.next_;
    (who.next_ != nullptr ? who.next_->prev_ : newest_) = who.prev_;
    who.prev_ = who.next_ = nullptr;
}

}  // namespace cohort::http
