#include <cohort/http/topics/topics.hpp>

#include <cohort/base/try.hpp>
#include <cohort/http/detail/subscriber.hpp>
#include <cohort/http/detail/topic_ear.hpp>
#include <cohort/http/detail/topic_store.hpp>

#include <utility>

namespace cohort::http {

static_assert(topics::topic_bytes_max == board::message_ring::topic_bytes_max);
static_assert(topics::text_bytes_max == board::message_ring::text_bytes_max);

topics& topics::here()
{
    static topics all;
    return all;
}

topics::topics() = default;

detail::topic_store& topics::store() const { return detail::topic_store::current(); }

result<std::uint64_t> topics::publish(std::string_view topic, std::string_view text)
{
    if (topic.find('*') != std::string_view::npos)
        return failed(errc::bad_value, "publish to a topic with a \"*\":",
                      std::string{topic.substr(0, topic_bytes_max)});
    detail::topic_store& in = store();
    COHORT_TRY(const std::uint64_t id, in.ring().publish(topic, text));
    in.bells().ring();
    return id;
}

subscription topics::subscribe(std::string topic, subscribe_options how)
{
    return subscription{std::make_unique<detail::subscriber>(store(), std::move(topic), how)};
}

std::uint64_t topics::last() const { return store().ring().last(); }

position topics::position_of(std::uint64_t id) const
{
    position where;
    where.cohort = store().cohort();
    where.id = id;
    return where;
}

std::optional<std::uint64_t> topics::id_of(const position& where) const
{
    const detail::topic_store& in = store();
    if (where.cohort != in.cohort() || where.id > in.ring().last())
        return std::nullopt;
    return where.id;
}

topics::totals topics::total() const
{
    const detail::topic_store& in = store();
    const auto ring = in.ring().total();
    return {.published = ring.published,
            .abandoned = ring.abandoned,
            .delivered = in.delivered,
            .dropped = in.dropped,
            .refused = in.refused,
            .missed = in.missed,
            .subscribers = in.subscribers};
}

bool topics::in_use() noexcept { return detail::topic_store::is_there(); }

void topics::subscribers_max(std::uint64_t most) noexcept { store().subscribers_max = most; }

void topics::leave(boost::asio::execution_context& loop) { detail::topic_ear::of(loop).leave(); }

}  // namespace cohort::http
