#include <cohort/http/topics/events.hpp>

#include <cohort/base/random.hpp>
#include <cohort/http/detail/event_response.hpp>
#include <cohort/http/topics/topics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace cohort::http {

namespace {

/// Messages that wait already go out together, up to so many bytes.
constexpr std::size_t batch_bytes = 16'384;

/// One client that hears a topic. Lives as long as its response.
class feed {
public:
    feed(std::string topic, event_options how, std::optional<std::string> last)
        : how_{std::move(how)}
    {
        topics& hub = topics::here();
        subscribe_options from;
        from.messages_max = how_.messages_max;
        from.bytes_max = how_.bytes_max;
        if (last) {
            const auto where = position::parse(*last);
            from.since = where ? hub.id_of(*where) : std::nullopt;
            stranger_ = !from.since;
        }
        messages_.emplace(hub.subscribe(std::move(topic), from));
    }

    awaitable<> run(body_writer& out);

private:
    void begin();
    void append(const posted& message);
    void append_missed();
    void append_quiet();
    void append_end(const fault& why);
    [[nodiscard]] std::string id_of(std::uint64_t id) const
    {
        return topics::here().position_of(id).text();
    }

    event_options how_;
    std::optional<subscription> messages_;
    bool stranger_ = false;  // its Last-Event-ID says nothing to us
    std::uint64_t missed_ = 0;
    std::uint64_t said_ = 0;  // the last position that the client was told
    std::string text_;
};

/// A client that leaves before the first message shall miss nothing either.
void feed::begin()
{
    said_ = messages_->position();
    const std::string id = id_of(said_);
    append_event(text_, {.id = id, .retry = how_.retry});
    if (stranger_)
        append_event(text_, {.data = "{}", .event = "missed", .id = id});
}

void feed::append(const posted& message)
{
    const std::string id = id_of(message.id());
    said_ = message.id();
    if (message.text().empty() && how_.event.empty()) {
        // No client hears of an event of no lines: so it has one that is empty.
        append_event(text_, {.event = "message", .id = id});
        return;
    }
    append_event(text_, {.data = message.text(), .event = how_.event, .id = id});
}

void feed::append_missed()
{
    const std::uint64_t more = messages_->missed() - std::exchange(missed_, messages_->missed());
    const std::string data = fmt::format("{{\"at_most\":{}}}", more);
    // Without a position: those that are left come behind it.
    append_event(text_, {.data = data, .event = "missed"});
}

/// The position goes on, too: else a quiet topic would seem to have missed what others said.
void feed::append_quiet()
{
    append_event_comment(text_, "");
    const std::uint64_t at = messages_->position();
    if (std::exchange(said_, at) == at)
        return;
    const std::string id = id_of(at);
    append_event(text_, {.id = id});
}

void feed::append_end(const fault& why)
{
    if (why.why() != errc::stopping)
        return;
    // All clients of this worker come back at once, unless they are told different times.
    const double part = random_source::from_kernel().fraction();
    const auto spread = std::chrono::duration<double, std::milli>(how_.retry) * 2 * part;
    append_event(text_, {.retry = std::chrono::ceil<milliseconds>(spread)});
}

awaitable<> feed::run(body_writer& out)
{
    begin();
    bool over = false;
    while (!over) {
        const auto sent = co_await out.write(text_);
        if (!sent)
            co_return;
        text_.clear();
        const steady_time until = now() + how_.heartbeat;
        auto heard = co_await messages_->next_until(until);
        if (!heard) {
            append_end(heard.error());
            over = true;
        } else if (heard->what() == news::kind::quiet) {
            append_quiet();
        } else if (heard->what() == news::kind::missed) {
            append_missed();
        } else {
            append(heard->message());
            while (text_.size() < batch_bytes) {
                const auto more = messages_->try_next();
                if (!more)
                    break;
                append(*more);
            }
        }
    }
    if (!text_.empty()) {
        const auto sent = co_await out.write(text_);
        static_cast<void>(sent);  // it leaves anyway
    }
}

}  // namespace

response events(const request& of, std::string topic, event_options how)
{
    std::optional<std::string> last;
    if (const auto said = of.header("Last-Event-ID"))
        last = *said;
    how.heartbeat = std::max(how.heartbeat, std::chrono::seconds{1});
    auto one = std::make_unique<feed>(std::move(topic), std::move(how), std::move(last));
    return detail::event_response(
        [one = std::move(one)](body_writer& out) { return one->run(out); });
}

}  // namespace cohort::http
