#include <cohort/http/detail/topic_ear.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/detail/subscriber.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

using namespace std::chrono_literals;

namespace {

/// Rings may get lost; so it looks without one, too.
constexpr nanoseconds looks_every = 1s;
/// Messages that one turn of the loop hears, before others have theirs, and how often it tells
/// them.
constexpr std::size_t hears_at_most = 256;
constexpr std::size_t tells_at_most = 4'096;

}  // namespace

topic_ear::topic_ear(boost::asio::execution_context& loop)
    : service{loop},
      loop_{static_cast<boost::asio::io_context&>(loop)},  // no other context is a loop here
      store_{topic_store::current()},
      reader_{store_.ring(), store_.ring().last()},
      timer_{loop_},
      self_{std::make_shared<topic_ear*>(this)}
{}

topic_ear::~topic_ear() { shutdown(); }

topic_ear& topic_ear::of(boost::asio::execution_context& loop)
{
    return boost::asio::use_service<topic_ear>(loop);
}

void topic_ear::shutdown() noexcept
{
    self_.reset();
    leaving_ = true;
    timer_.reset();
    if (rings_)
        static_cast<void>(rings_->release());  // the bell's
    rings_.reset();
    bell_.reset();
}

result<std::weak_ptr<topic_ear*>> topic_ear::add(subscriber& who)
{
    if (leaving_)
        return failed(errc::stopping, "subscribe to", who.topic());
    if (store_.subscribers.fetch_add(1) >= store_.subscribers_max) {
        store_.subscribers.fetch_sub(1);
        store_.refused.fetch_add(1, std::memory_order_relaxed);
        return failed(errc::queue_full, "subscribe to", who.topic());
    }
    const bool prefix = is_prefix(who.topic());
    (prefix ? prefixes_ : topics_)[who.topic().substr(0, who.topic().size() - (prefix ? 1 : 0))]
        .push_back(&who);
    if (count_++ == 0)
        begin();
    return std::weak_ptr{self_};
}

void topic_ear::remove(subscriber& who) noexcept
{
    const bool prefix = is_prefix(who.topic());
    listeners& in = prefix ? prefixes_ : topics_;
    const auto at =
        in.find(std::string_view{who.topic()}.substr(0, who.topic().size() - (prefix ? 1 : 0)));
    if (at == in.end() || std::erase(at->second, &who) == 0)
        return;
    if (at->second.empty())
        in.erase(at);
    store_.subscribers.fetch_sub(1);
    if (--count_ == 0)
        rest();
}

/// What was published while nobody listened here, nobody wanted; who did reads it by himself.
void topic_ear::begin()
{
    reader_ = board::ring_reader{store_.ring(), store_.ring().last()};
    lost_ = 0;
    if (!bell_) {
        auto hung = store_.bells().hang();
        if (hung) {
            bell_.emplace(std::move(*hung));
            rings_.emplace(loop_);
            boost::system::error_code ec;
            rings_->assign(bell_->descriptor(), ec);
            if (ec) {
                rings_.reset();
                bell_.reset();
            }
        } else {
            log::warn("{}; going on, messages of topics may come a second late",
                      hung.error().text());
        }
    }
    boost::asio::post(loop_, [this, alive = std::weak_ptr{self_}] {
        if (!alive.expired())
            turn();
    });
}

/// Nothing of it keeps the loop running.
void topic_ear::rest() noexcept
{
    if (timer_)
        timer_->cancel();
    boost::system::error_code ignored;
    if (rings_)
        rings_->cancel(ignored);
    if (bell_)
        bell_->wake();
}

void topic_ear::leave()
{
    leaving_ = true;
    each([](subscriber& who) { who.end(errc::stopping); });
}

template <class F>
void topic_ear::each(F&& call)
{
    for (listeners* in : {&topics_, &prefixes_}) {
        for (auto& [topic, all] : *in)
            std::ranges::for_each(all, [&call](subscriber* who) { call(*who); });
    }
}

void topic_ear::turn()
{
    if (count_ == 0)
        return;
    if (bell_)
        bell_->wake();
    bool asleep = false;
    std::size_t told = 0;
    for (std::size_t heard = 0; heard < hears_at_most && told < tells_at_most;) {
        const auto found = reader_.look(now());
        tell_lost();
        if (found == board::ring_reader::found::message) {
            told += hear();
            ++heard;
            continue;
        }
        if (asleep) {
            arm(found == board::ring_reader::found::unfinished ? board::ring_reader::patience
                                                               : looks_every);
            return;
        }
        // Who publishes from here on rings; what was published before is seen by another look.
        if (bell_)
            bell_->sleep();
        asleep = true;
    }
    boost::asio::post(loop_, [this, alive = std::weak_ptr{self_}] {
        if (!alive.expired())
            turn();
    });
}

void topic_ear::tell_lost()
{
    const std::uint64_t more = reader_.lost() - lost_;
    if (more == 0)
        return;
    lost_ = reader_.lost();
    each([more](subscriber& who) { who.miss(more); });
}

/// Returns how many it was told to.
std::size_t topic_ear::hear()
{
    const std::string_view topic = reader_.topic();
    // Few topics have many parts; the ring bounds their length.
    std::vector<std::vector<subscriber*>*> whom;
    if (const auto at = topics_.find(topic); at != topics_.end())
        whom.push_back(&at->second);
    if (!prefixes_.empty()) {
        for (auto slash = topic.find('/'); slash != std::string_view::npos;
             slash = topic.find('/', slash + 1))
        {
            const auto at = prefixes_.find(topic.substr(0, slash + 1));
            if (at != prefixes_.end())
                whom.push_back(&at->second);
        }
    }
    std::string text;
    if (whom.empty() || !reader_.read(text))
        return 0;
    const posted message{reader_.id(), std::string{topic}, std::move(text)};
    std::size_t told = 0;
    for (const auto* all : whom) {
        for (subscriber* const each : *all)
            each->deliver(message);
        told += all->size();
    }
    return told;
}

void topic_ear::arm(nanoseconds at_most)
{
    timer_->expires_after(at_most);
    timer_->async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            turn();
    });
    if (rings_ && !std::exchange(listening_, true)) {
        rings_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& ec) { rung(ec); });
    }
}

void topic_ear::rung(const boost::system::error_code& ec)
{
    listening_ = false;
    if (ec && ec != boost::asio::error::operation_aborted && rings_) {
        static_cast<void>(rings_->release());
        rings_.reset();
        bell_.reset();
        log::warn("the bell of topics is broken: {}; going on, messages may come a second late",
                  ec.message());
    }
    turn();
}

}  // namespace cohort::http::detail
