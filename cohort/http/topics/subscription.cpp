#include <cohort/http/topics/subscription.hpp>

#include <cohort/http/detail/subscriber.hpp>

namespace cohort::http {

subscription::subscription(std::unique_ptr<detail::subscriber> inner) noexcept
    : inner_{std::move(inner)}
{}
subscription::subscription(subscription&& other) noexcept = default;
subscription& subscription::operator=(subscription&& other) noexcept = default;
subscription::~subscription() = default;

awaitable<result<news>> subscription::next_until(steady_time deadline)
{
    return inner_->next_until(deadline);
}

awaitable<result<posted>> subscription::next()
{
    detail::subscriber& inner = *inner_;
    for (;;) {
        auto heard = co_await inner.next_until(steady_time::max());
        if (!heard)
            co_return std::unexpected(std::move(heard).error());
        if (heard->what() == news::kind::message)
            co_return std::move(heard->message());
    }
}

std::optional<posted> subscription::try_next() { return inner_->try_next(); }
std::uint64_t subscription::missed() const noexcept { return inner_->missed(); }
std::uint64_t subscription::position() const noexcept { return inner_->position(); }
const std::string& subscription::topic() const noexcept { return inner_->topic(); }

}  // namespace cohort::http
