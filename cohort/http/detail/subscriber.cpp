#include <cohort/http/detail/subscriber.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>
#include <cohort/http/detail/topic_ear.hpp>
#include <cohort/http/detail/topic_store.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

using namespace std::chrono_literals;

namespace {

/// Messages, of any topic, that one turn of the loop looks at for one subscriber.
constexpr int look_at_most = 512;

}  // namespace

bool is_meant(std::string_view pattern, std::string_view topic) noexcept
{
    return is_prefix(pattern) ? topic.starts_with(pattern.substr(0, pattern.size() - 1))
                              : topic == pattern;
}

subscriber::subscriber(topic_store& store, std::string topic, const subscribe_options& how)
    : store_{store},
      topic_{std::move(topic)},
      messages_max_{std::max<std::size_t>(how.messages_max, 1)},
      bytes_max_{how.bytes_max},
      heard_{store.ring().last()}
{
    if (!how.since)
        return;
    // A number that nobody has drawn yet: whatever it was, we do not know what is missing.
    if (*how.since > heard_)
        missed_ = 1;
    else
        heard_ = *how.since;
}

subscriber::~subscriber()
{
    if (const auto ear = ear_.lock())
        (*ear)->remove(*this);
}

std::uint64_t subscriber::position() const noexcept
{
    if (!queue_.empty())
        return queue_.front().id() - 1;
    const auto ear = ended_ == errc::queue_full ? nullptr : ear_.lock();
    return ear && !reader_ ? std::max(heard_, (*ear)->position()) : heard_;
}

result<> subscriber::join(const asio::any_io_executor& executor)
{
    if (std::exchange(joined_, true))
        return {};
    topic_ear& ear = topic_ear::of(asio::query(executor, asio::execution::context));
    COHORT_TRY(ear_, ear.add(*this));
    reader_.emplace(store_.ring(), heard_);
    return {};
}

void subscriber::deliver(const posted& message)
{
    // While it reads the ring it comes to this one by itself.
    if (ended_ != errc{} || reader_ || message.id() <= heard_)
        return;
    if (queue_.size() >= messages_max_ || bytes_ + message.weight() > bytes_max_) {
        store_.dropped.fetch_add(1, std::memory_order_relaxed);
        // Where it has to begin again, to miss nothing.
        heard_ = position_of_next(message);
        queue_.clear();
        bytes_ = 0;
        end(errc::queue_full);
        return;
    }
    heard_ = message.id();
    if (meanwhile_ != nullptr && queue_.empty()) {
        store_.delivered.fetch_add(1, std::memory_order_relaxed);
        if (!meanwhile_->take(message))
            end(errc::channel_closed);
        return;
    }
    queue_.push_back(message);
    bytes_ += message.weight();
    wake();
}

std::uint64_t subscriber::position_of_next(const posted& otherwise) const noexcept
{
    return (queue_.empty() ? otherwise : queue_.front()).id() - 1;
}

void subscriber::miss(std::uint64_t count) noexcept
{
    if (reader_ || ended_ != errc{})
        return;
    missed_ += count;
    wake();
}

void subscriber::end(errc why) noexcept
{
    if (ended_ == errc{})
        ended_ = why;
    wake();
}

void subscriber::wake() noexcept
{
    if (waiting_ != nullptr)
        waiting_->cancel();
}

/// Reads on where the ear was faster. Gives up its turn now and then.
subscriber::state subscriber::read_ring(const topic_ear& ear, std::optional<news>& into)
{
    const steady_time now = cohort::now();
    for (int i = 0; i < look_at_most; ++i) {
        if (reader_->position() >= ear.position()) {
            heard_ = reader_->position();
            reader_.reset();
            return state::nothing;
        }
        const std::uint64_t lost = reader_->lost();
        const auto found = reader_->look(now);
        missed_ += reader_->lost() - lost;
        if (found == board::ring_reader::found::unfinished)
            return state::unfinished;
        std::string text;
        if (found == board::ring_reader::found::message && is_meant(topic_, reader_->topic()) &&
            reader_->read(text))
            into.emplace(posted{reader_->id(), std::string{reader_->topic()}, std::move(text)});
        heard_ = reader_->position();
        if (into || missed_ != missed_told_)
            return state::news;
    }
    return state::more;
}

subscriber::state subscriber::take(std::optional<news>& into)
{
    if (tell_missed(into))
        return state::news;
    if (auto next = try_next()) {
        into.emplace(std::move(*next));
        return state::news;
    }
    const auto ear = ear_.lock();
    if (!ear)
        end(errc::stopping);
    if (!reader_ || ended_ != errc{})
        return state::nothing;
    const state read = read_ring(**ear, into);
    if (missed_ == missed_told_) {
        if (into)
            store_.delivered.fetch_add(1, std::memory_order_relaxed);
        return read;
    }
    // That some are lost is said before those that come after them.
    if (into) {
        queue_.push_back(std::move(into->message()));
        bytes_ += queue_.back().weight();
        into.reset();
    }
    return tell_missed(into) ? state::news : state::nothing;
}

bool subscriber::tell_missed(std::optional<news>& into)
{
    if (missed_ == missed_told_)
        return false;
    missed_told_ = missed_;
    store_.missed.fetch_add(1, std::memory_order_relaxed);
    into.emplace(news::kind::missed);
    return true;
}

std::optional<posted> subscriber::try_next()
{
    if (queue_.empty() || missed_ != missed_told_)
        return std::nullopt;
    posted next = std::move(queue_.front());
    queue_.pop_front();
    bytes_ -= next.weight();
    store_.delivered.fetch_add(1, std::memory_order_relaxed);
    return next;
}

awaitable<result<news>> subscriber::next_until(steady_time deadline, taker* meanwhile)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    COHORT_ASSERT(waiting_ == nullptr);
    // In this frame, since a subscription may outlive its loop.
    asio::steady_timer timer{executor};
    if (auto joined = join(executor); !joined)
        co_return std::unexpected(std::move(joined).error());
    while (!stopped(stop)) {
        std::optional<news> found;
        const state what = take(found);
        if (what == state::news)
            co_return std::move(*found);
        if (what == state::nothing && ended_ != errc{})
            co_return failed(ended_, "hear the messages of", topic_);
        const steady_time now = cohort::now();
        if (now >= deadline) {
            news quiet{news::kind::quiet};
            co_return quiet;
        }
        if (what == state::more) {
            co_await asio::post(executor, use_tuple);
            continue;
        }
        timer.expires_at(what == state::unfinished ? std::min(deadline, now + 10ms) : deadline);
        waiting_ = &timer;
        meanwhile_ = meanwhile;
        co_await timer.async_wait(use_tuple);
        meanwhile_ = nullptr;
        waiting_ = nullptr;
    }
    co_return failed(errc::cancelled, "hear the messages of", topic_);
}

}  // namespace cohort::http::detail
