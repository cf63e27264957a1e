#include <cohort/http/websocket/outbox.hpp>

#include <cohort/base/assert.hpp>

namespace cohort::http {

bool outbox::push(const websocket_message& what)
{
    if (waiting_.size() >= messages_max_ || what.size() > bytes_max_ - bytes_)
        return false;
    waiting_.push_back(what);
    bytes_ += what.size();
    return true;
}

void outbox::pop()
{
    COHORT_ASSERT(!waiting_.empty());
    bytes_ -= waiting_.front().size();
    waiting_.pop_front();
}

void outbox::keep_first()
{
    while (waiting_.size() > 1) {
        bytes_ -= waiting_.back().size();
        waiting_.pop_back();
    }
}

}  // namespace cohort::http
