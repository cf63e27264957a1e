#include <cohort/http/body_budget.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

void body_share::is_whole() noexcept
{
    if (std::exchange(whose_, nullptr) != nullptr)
        client_->of->unlink(*this);
}

void body_share::release() noexcept
{
    if (client_ == nullptr)
        return;
    is_whole();
    client_->of->take(*client_, std::exchange(bytes_, 0U));
    client_ = nullptr;
}

body_budget::body_budget(std::uint64_t bytes_max)
    : bytes_max_{bytes_max}, clients_{0, client_counts::hash{random_secret()}}
{
    large_.reserve(large_part);
}

body_budget::~body_budget() { COHORT_ASSERT(bytes_ == 0 && clients_.empty()); }

bool body_budget::hold(body_share& by, body_holder& whose, std::uint64_t bytes, steady_time now,
                       const ip_address& of)
{
    COHORT_ASSERT(by.client_ == nullptr || by.client_->of == this);
    if (bytes <= by.bytes_)
        return true;
    while (bytes_max_ != 0 && bytes_ + (bytes - by.bytes_) > bytes_max_) {
        const body_client* const its = by.client_ != nullptr ? by.client_ : find(of);
        body_share* const first = bytes > bytes_max_ ? nullptr : next_to_go(by, its, now);
        if (first == nullptr) {
            ++refused_;
            by.release();
            return false;
        }
        ++given_up_;
        const std::uint64_t before = bytes_;
        first->whose_->give_body_up();
        COHORT_ASSERT(bytes_ < before);
    }
    if (by.client_ == nullptr) {
        by.client_ = &client_at(of);
        link(by, whose, now);
    }
    const std::uint64_t before = std::exchange(by.bytes_, bytes);
    add(*by.client_, bytes - before);
    return true;
}

/// Who makes room for `by`, a body of that client. Null: nobody.
body_share* body_budget::next_to_go(const body_share& by, const body_client* of,
                                    steady_time now) const noexcept
{
    const auto most = std::ranges::max_element(large_, {}, &body_client::bytes);
    body_share* first = oldest_;
    if (most != large_.end() && *most == of) {
        first = oldest_of(of);  // no others need go for it
    } else if (most != large_.end()) {
        if (body_share* const its = oldest_of(*most))
            return its;
    }
    return first == nullptr || first == &by || now - first->since_ < sure_for ? nullptr : first;
}

body_share* body_budget::oldest_of(const body_client* of) const noexcept
{
    body_share* each = oldest_;
    while (each != nullptr && each->client_ != of)
        each = each->next_;
    return each;
}

void body_budget::link(body_share& who, body_holder& whose, steady_time now) noexcept
{
    who.whose_ = &whose;
    who.since_ = now;
    who.prev_ = newest_;
    (newest_ != nullptr ? newest_->next_ : oldest_) = &who;
    newest_ = &who;
}

void body_budget::unlink(body_share& who) noexcept
{
    (who.prev_ != nullptr ? who.prev_->next_ : oldest_) = who.next_;
    (who.next_ != nullptr ? who.next_->prev_ : newest_) = who.prev_;
    who.prev_ = who.next_ = nullptr;
}

const body_client* body_budget::find(const ip_address& who) const
{
    const auto known = clients_.find(who);
    return known != clients_.end() ? &known->second : nullptr;
}

body_client& body_budget::client_at(const ip_address& who)
{
    return who.is_ip() ? clients_.try_emplace(who, this, who).first->second : nobody_;
}

bool body_budget::is_large(const body_client& who) const noexcept
{
    return bytes_max_ != 0 && &who != &nobody_ && who.bytes > bytes_max_ / large_part;
}

void body_budget::add(body_client& to, std::uint64_t bytes)
{
    const bool was_large = is_large(to);
    bytes_ += bytes;
    to.bytes += bytes;
    if (!was_large && is_large(to))
        large_.push_back(&to);
}

void body_budget::take(body_client& from, std::uint64_t bytes) noexcept
{
    bytes_ -= bytes;
    from.bytes -= bytes;
    if (!is_large(from))
        std::erase(large_, &from);
    if (from.bytes == 0 && &from != &nobody_) {
        const ip_address who = from.who;  // the key must not go while it is looked for
        clients_.erase(who);
    }
}

}  // namespace cohort::http
