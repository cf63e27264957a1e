#include <cohort/testing/detail/conversation.hpp>

#include <algorithm>
#include <utility>

namespace cohort::testing::detail {

/// A streamed request's body.
class conversation::incoming final : public http::body_reader {
public:
    explicit incoming(conversation& of) noexcept
        : of_{of}
    {}

    awaitable<result<std::string_view>> read() override
    {
        if (of_.read_piece(piece_))
            co_return std::string_view{piece_};
        if (of_.body_fault_.status == 413)
            co_return failed(errc::too_large, "read a body");
        if (of_.body_fault_.status != 0)
            co_return failed(errc::malformed, "read a body");
        if (!of_.body_over_)
            co_return failed(errc::channel_closed, "read a body");
        co_return std::string_view{};
    }

private:
    conversation& of_;
    std::string piece_;
};

/// A streamed answer's body.
class conversation::outgoing final : public http::body_writer {
public:
    outgoing(conversation& of, const http::answer& how) noexcept
        : of_{of}, how_{how}
    {}

    awaitable<result<>> write(std::string_view piece) override
    {
        if (how_.framing == http::answer_framing::chunked)
            http::append_chunk(of_.sent_, piece);
        else
            of_.sent_ += piece;
        co_return result<>{};
    }

private:
    conversation& of_;
    const http::answer& how_;
};

awaitable<> conversation::serve()
{
    while (open_ && read_head()) {
        awaitable<> one = answer_one();
        co_await std::move(one);
    }
}

/// The next packet; false if the client sends no more.
bool conversation::more()
{
    const std::string_view packet = client_.bytes.substr(0, client_.packet_bytes);
    client_.bytes.remove_prefix(packet.size());
    received_ += packet;
    return !packet.empty();
}

bool conversation::read_head()
{
    http::head_parser parser{limits_};
    for (;;) {
        switch (parser.parse(received_, head_)) {
            case http::parse_status::done:
                head_bytes_ = received_.substr(0, head_.size);
                received_.erase(0, head_.size);
                return true;
            case http::parse_status::refused:
                refuse(parser.why().status, parser.why().words);
                return false;
            case http::parse_status::need_more:
                if (!more())
                    return false;
                break;
        }
    }
}

awaitable<> conversation::answer_one()
{
    http::request of{http::request_source{.top = {head_, head_bytes_.data()}, .slot = slot_}};
    const http::plan found = router_.plan_for(of);
    const http::route_options& options = found.to->options();
    const bool wanted = options.body != http::body_use::unread;
    begin_body(wanted ? options.body_max.value_or(limits_.body_bytes_max) : UINT64_MAX);
    if (body_fault_.status != 0) {
        refuse(body_fault_.status, body_fault_.words);
        co_return;
    }

    if (wanted && head_.expect_continue && !body_over_)
        sent_ += http::continue_answer;
    std::string body;
    if (options.body == http::body_use::buffered) {
        if (!read_whole(body)) {
            if (body_fault_.status != 0)
                refuse(body_fault_.status, body_fault_.words);
            open_ = false;
            co_return;
        }
        of.body_is(body);
    }
    incoming reader{*this};
    if (options.body == http::body_use::streamed)
        of.stream_is(reader);

    http::response answer;
    if (found.to->mode() == http::run_mode::in_line) {
        answer = found.to->run(of);
    } else {
        awaitable<http::response> run = found.to->run_async(of);
        answer = co_await std::move(run);
    }
    // What a handler did not read is dropped, so that the next request is found. A client that
    // waits for 100 (Continue) and saw an answer instead may not send it: close, to be sure.
    std::string dropped;
    if ((!wanted && head_.expect_continue && !body_over_) || !read_whole(dropped))
        open_ = false;
    awaitable<> rest = reply(of, std::move(answer), &found.to->observer());
    co_await std::move(rest);
}

void conversation::begin_body(std::uint64_t most)
{
    body_fault_ = {};
    chunks_.reset();
    room_ = most;
    left_ = head_.content_length;
    body_over_ =
        head_.body == http::framing::none || (head_.body == http::framing::length && left_ == 0);
    if (head_.body == http::framing::chunked)
        chunks_.emplace(limits_);
    else if (left_ > most)
        body_fault_ = {413, "the body is longer than this path takes"};
}

/// The next bytes of the body; false if it is over, broken, or the client left.
bool conversation::read_piece(std::string& piece)
{
    piece.clear();
    while (!body_over_ && body_fault_.status == 0 && piece.empty()) {
        if (received_.empty() && !more())
            return false;
        if (!chunks_) {
            const std::size_t size = std::min<std::uint64_t>(left_, received_.size());
            piece = received_.substr(0, size);
            received_.erase(0, size);
            left_ -= size;
            body_over_ = left_ == 0;
            continue;
        }
        const auto step = chunks_->decode(received_);
        piece = step.data;
        received_.erase(0, step.consumed);
        body_over_ = step.status == http::parse_status::done;
        if (step.status == http::parse_status::refused)
            body_fault_ = {chunks_->why().status, chunks_->why().words};
        else if (piece.size() > room_)
            body_fault_ = {413, "the body is longer than this path takes"};
        room_ -= std::min<std::uint64_t>(room_, piece.size());
    }
    return body_fault_.status == 0 && !piece.empty();
}

bool conversation::read_whole(std::string& body)
{
    std::string piece;
    while (read_piece(piece))
        body += piece;
    return body_over_ && body_fault_.status == 0;
}

awaitable<> conversation::reply(http::request& of, http::response answer,
                                const http::error_observer* observer)
{
    http::answer_facts facts{.status = static_cast<http::status_code>(answer.status()),
                             .verb = of.method(),
                             .minor_version = head_.minor_version};
    if (open_ && head_.keep_alive && !answer.closes())
        facts.connection = http::persistence::keep;
    if (!answer.streams())
        facts.length = answer.body().size();
    const http::answer what = http::plan_answer(facts);
    begin_reply(answer, what);
    open_ = what.connection == http::persistence::keep;
    if (!what.send_body)
        co_return;
    if (!answer.streams()) {
        sent_ += answer.body();
        co_return;
    }
    outgoing writer{*this, what};
    awaitable<result<>> work = http::produce(answer, writer, of, *observer);
    const result<> whole = co_await std::move(work);
    if (!whole)
        open_ = false;
    else if (what.framing == http::answer_framing::chunked)
        sent_ += http::last_chunk;
}

void conversation::refuse(unsigned status, std::string_view words)
{
    const http::response answer = http::problem(status, {}, words);
    const http::answer what = http::plan_answer(
        {.status = static_cast<http::status_code>(status), .length = answer.body().size()});
    begin_reply(answer, what);
    sent_ += answer.body();
    open_ = false;
}

void conversation::begin_reply(const http::response& answer, const http::answer& what)
{
    http::begin_head(sent_, what.status);
    if (!answer.content_type().empty())
        sent_.append("Content-Type: ").append(answer.content_type()).append("\r\n");
    sent_ += answer.fields().wire();
    http::end_head(sent_, what);
}

}  // namespace cohort::testing::detail
