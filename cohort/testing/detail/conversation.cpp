#include <cohort/testing/detail/conversation.hpp>

#include <cohort/http/body.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/problem.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::testing::detail {

using http::order;

namespace {

/// The only second there is.
constexpr std::uint32_t second = 1;

/// As in the server: room for the largest head, and for what comes with it.
std::size_t input_bytes(const http::limits& bounds) noexcept
{
    constexpr std::size_t beyond_head = 16'384;
    return std::max<std::size_t>(bounds.head_bytes_max, 16'384) + beyond_head;
}

http::exchange_rules rules_of(const http::limits& bounds)
{
    http::exchange_rules rules;
    rules.limits = bounds;
    return rules;
}

}  // namespace

/// A streamed request's body.
class conversation::incoming final : public http::body_reader {
public:
    explicit incoming(conversation& of) noexcept
        : of_{of}
    {}

    awaitable<result<std::string_view>> read() override
    {
        for (;;) {
            const http::body_piece piece = of_.exchange_.take_body(of_.record_);
            switch (piece.what) {
                case http::body_piece::kind::data:
                    co_return piece.data;
                case http::body_piece::kind::end:
                    co_return std::string_view{};
                case http::body_piece::kind::refused:
                    co_return failed(of_.record_.why.status == 413 ? errc::too_large
                                                                   : errc::malformed,
                                     "read a request's body");
                case http::body_piece::kind::more:
                    break;
            }
            if (of_.exchange_.owes_continue(of_.record_))
                of_.sent_ += http::continue_answer;
            if (of_.read() == order::close || of_.exchange_.client_ended())
                co_return failed(errc::channel_closed, "read a request's body");
        }
    }

private:
    conversation& of_;
};

/// A streamed answer's body.
class conversation::outgoing final : public http::body_writer {
public:
    outgoing(std::string& sent, const http::answer& how) noexcept
        : sent_{sent}, how_{how.framing}
    {
        if (how_ == http::answer_framing::length)
            unwritten_ = how.length;
    }

    awaitable<result<>> write(std::string_view piece) override
    {
        if (unwritten_ && piece.size() > *unwritten_)
            co_return failed(errc::too_large, "write more of an answer's body than it announced");
        if (unwritten_)
            *unwritten_ -= piece.size();
        if (how_ == http::answer_framing::chunked)
            http::append_chunk(sent_, piece);
        else
            sent_ += piece;
        co_return result<>{};
    }

    [[nodiscard]] bool is_whole() const noexcept { return unwritten_.value_or(0) == 0; }

private:
    std::string& sent_;
    http::answer_framing how_;
    std::optional<std::uint64_t> unwritten_;  // with an announced length
};

conversation::conversation(const http::router& router, const http::limits& bounds, script client,
                           unsigned slot)
    : router_{router},
      rules_{rules_of(bounds)},
      exchange_{rules_, second},
      record_{rules_.limits, input_bytes(bounds)},
      client_{client},
      slot_{slot}
{}

awaitable<> conversation::serve()
{
    order next = order::read;
    for (;;) {
        switch (next) {
            case order::read:
                next = exchange_.client_ended() ? order::close : read();
                break;
            case order::find_route:
                next = find_route();
                break;
            case order::say_continue:
                sent_ += http::continue_answer;
                next = order::read;
                break;
            case order::run: {
                awaitable<order> work = run();
                next = co_await std::move(work);
                break;
            }
            case order::refuse:
                next = refuse();
                break;
            case order::give_away:  // a test has no socket that anybody could take
            case order::wait:
            case order::linger:
            case order::close:
                co_return;
        }
    }
}

/// False if there is none left.
bool conversation::take_packet()
{
    const std::size_t room = exchange_.make_room(record_);
    const std::string_view packet =
        client_.bytes.substr(0, std::min({client_.packet_bytes, client_.bytes.size(), room}));
    if (packet.empty())
        return false;
    std::memcpy(record_.input.get() + record_.end, packet.data(), packet.size());
    client_.bytes.remove_prefix(packet.size());
    return true;
}

order conversation::read()
{
    const std::size_t before = client_.bytes.size();
    if (!take_packet())
        return exchange_.ended(second);
    return exchange_.took(record_, before - client_.bytes.size(), second);
}

order conversation::find_route()
{
    http::record& r = record_;
    r.asked.emplace(http::request_source{.top = {r.top, r.input.get() + r.begin}, .slot = slot_});
    r.to = router_.plan_for(*r.asked).to;
    const http::route_options& options = r.to->options();
    const http::body_plan plan{
        .use = options.body, .bytes_max = options.body_max.value_or(rules_.limits.body_bytes_max)};
    return exchange_.planned(r, plan, second);
}

awaitable<order> conversation::run()
{
    http::record& r = record_;
    r.asked->body_is(r.whole_body);
    incoming reader{*this};
    r.asked->stream_is(reader);
    http::response answer;
    if (r.to->mode() == http::run_mode::in_line) {
        answer = r.to->run(*r.asked);
    } else {
        awaitable<http::response> work = r.to->run_async(*r.asked);
        answer = co_await std::move(work);
    }

    const http::answer how = begin_reply(answer);
    if (how.send_body && answer.streams()) {
        awaitable<order> work = produce(answer, how);
        co_return co_await std::move(work);
    }
    if (how.send_body)
        sent_ += answer.body();
    r.asked.reset();
    co_return exchange_.done(r, second);
}

awaitable<order> conversation::produce(http::response& answer, http::answer how)
{
    outgoing writer{sent_, how};
    const http::error_observer& observer = record_.to->observer();
    awaitable<result<>> work = http::produce(answer, writer, *record_.asked, observer);
    const result<> whole = co_await std::move(work);
    if (!whole || !writer.is_whole())
        co_return exchange_.broken();
    if (how.framing == http::answer_framing::chunked)
        sent_ += http::last_chunk;
    record_.asked.reset();
    co_return exchange_.done(record_, second);
}

http::answer conversation::begin_reply(const http::response& answer)
{
    using http::persistence;
    // Without a length and without chunks, HTTP/1.0 knows only one end of a body.
    const bool last = answer.closes() || (!answer.length() && record_.top.minor_version == 0);
    const auto unread =
        answer.streams() ? http::exchange::unread::keep : http::exchange::unread::drop;
    http::answer_facts facts{.status = static_cast<http::status_code>(answer.status()),
                             .verb = record_.top.verb,
                             .minor_version = record_.top.minor_version,
                             .connection = exchange_.settle(
                                 record_, last ? persistence::close : persistence::keep, unread)};
    facts.length = answer.length();
    const http::answer how = http::plan_answer(facts);
    write_head(answer, how);
    return how;
}

order conversation::refuse()
{
    record_.asked.reset();
    const http::response words = http::problem(record_.why.status, {}, record_.why.words);
    write_head(words, http::plan_answer({.status = record_.why.status,
                                         .connection = http::persistence::close,
                                         .length = words.body().size()}));
    sent_ += words.body();
    return exchange_.refused();
}

void conversation::write_head(const http::response& answer, const http::answer& how)
{
    http::begin_head(sent_, how.status);
    if (!answer.content_type().empty())
        sent_.append("Content-Type: ").append(answer.content_type()).append("\r\n");
    sent_ += answer.fields().wire();
    http::end_head(sent_, how);
}

}  // namespace cohort::testing::detail
