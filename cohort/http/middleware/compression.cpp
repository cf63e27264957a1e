#include <cohort/http/middleware/compression.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/compressible.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/preference.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/vary.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohort::http {

namespace {

std::atomic<std::uint32_t> streams_open{0};
std::atomic<std::uint64_t> streams_refused{0};

/// One of streams_max, given back when the answer is gone.
class stream_seat {
public:
    static std::unique_ptr<stream_seat> take(std::uint32_t at_most)
    {
        if (streams_open.fetch_add(1, std::memory_order_relaxed) < at_most)
            return std::unique_ptr<stream_seat>{new stream_seat};
        streams_open.fetch_sub(1, std::memory_order_relaxed);
        streams_refused.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
    }
    stream_seat(const stream_seat&) = delete;
    stream_seat& operator=(const stream_seat&) = delete;
    ~stream_seat() { streams_open.fetch_sub(1, std::memory_order_relaxed); }

private:
    stream_seat() = default;
};

/// Stands between a producer and its connection.
class compressing_writer final : public body_writer {
public:
    compressing_writer(encoder work, std::unique_ptr<stream_seat> seat,
                       body_producer inner) noexcept
        : work_{std::move(work)}, seat_{std::move(seat)}, inner_{std::move(inner)}
    {}

    /// The whole body, into `out`. Lifetime: `out` and this until the awaitable completes.
    awaitable<> produce(body_writer& out)
    {
        out_ = &out;
        awaitable<> body = inner_(*this);
        co_await std::move(body);
        if (broken_)
            co_return;  // an end would make half a body look whole
        bytes_.clear();
        work_.finish(bytes_);
        awaitable<result<>> sending = out.write(bytes_);
        result<> sent = co_await std::move(sending);
        static_cast<void>(sent);  // the connection knows; nobody here can do more
    }

    awaitable<result<>> write(std::string_view piece) override
    {
        if (piece.empty())
            co_return result<>{};
        bytes_.clear();
        work_.add(piece, bytes_);
        work_.flush(bytes_);
        awaitable<result<>> sending = out_->write(bytes_);
        result<> sent = co_await std::move(sending);
        broken_ = broken_ || !sent;
        co_return sent;
    }

private:
    encoder work_;
    std::unique_ptr<stream_seat> seat_;
    body_producer inner_;
    body_writer* out_ = nullptr;
    std::string bytes_;  // on their way, while write() waits
    bool broken_ = false;
};

/// What the client takes: a coding, or nothing; and whether it takes a body as it is.
struct choice {
    std::optional<coding> kind;
    bool identity = true;
};

choice choose(const request& of, const std::vector<coding>& ours)
{
    choice best;
    const auto lines = of.headers("Accept-Encoding");
    std::uint16_t weight = 0;
    std::string joined;
    for (const std::string_view line : lines)
        joined.append(line).append(",");
    const auto list = read_preferences(joined);
    for (const coding each : ours) {
        const auto wanted = weight_of(list, name(each)).value_or(0);
        if (wanted > weight) {
            weight = wanted;
            best.kind = each;
        }
    }
    best.identity = weight_of(list, "identity") != 0;
    // Somebody who would rather have it plain says so with a weight of its own.
    for (const preference& each : list) {
        if (equal_ignoring_case(each.name, "identity") && each.weight > weight)
            best.kind.reset();
    }
    return best;
}

/// May this answer be changed at all?
bool is_open(const request& of, const response& answer)
{
    const route* const to = of.route();
    if (to != nullptr && (to->note<uncompressed>() != nullptr || to->options().resume))
        return false;
    if (!answer.may_have_body() || answer.status() == 206 || answer.status() == 205)
        return false;
    for (const char* field : {"Content-Encoding", "Content-Range", "Content-Digest", "Repr-Digest"})
    {
        if (answer.header(field))
            return false;
    }
    const auto cached = answer.header("Cache-Control");
    return !(cached && list_has(*cached, "no-transform"));
}

/// The bytes are no longer those that a strong tag stands for (RFC 9110, 8.8.1).
void weaken_tag(response& answer)
{
    const auto tag = answer.header("ETag");
    if (tag && tag->starts_with('"'))
        answer.header("ETag", "W/" + std::string{*tag});
}

void describe(response& answer, coding kind)
{
    answer.header("Content-Encoding", name(kind));
    answer.remove_header("Accept-Ranges");
    weaken_tag(answer);
}

void compress_stream(response& answer, coding kind, const compression_options& choices)
{
    auto seat = stream_seat::take(choices.streams_max);
    if (!seat)
        return;
    auto work = encoder::make(kind);
    if (!work)
        return;
    auto between = std::make_unique<compressing_writer>(std::move(*work), std::move(seat),
                                                        std::move(answer.producer()));
    // Made anew, since a length that was announced is not true any more.
    response made =
        stream(std::string{answer.content_type()},
               [between = std::move(between)](body_writer& out) { return between->produce(out); });
    made.status(answer.status());
    std::string_view lines = answer.fields().wire();
    while (!lines.empty()) {
        const std::size_t colon = lines.find(':');
        const std::size_t end = lines.find("\r\n");
        made.add_header(lines.substr(0, colon), lines.substr(colon + 2, end - colon - 2));
        lines.remove_prefix(end + 2);
    }
    if (answer.closes())
        made.close_after();
    answer = std::move(made);
    describe(answer, kind);
}

void compress_body(response& answer, coding kind)
{
    auto small = encode(kind, answer.body());
    if (!small)
        return;
    answer.body(std::move(*small));
    describe(answer, kind);
}

/// A client that holds the compressed answer named its weak tag; the same one comes back.
void agree_with_copy(const request& of, response& answer)
{
    const auto tag = answer.header("ETag");
    const auto held = of.header("If-None-Match");
    if (tag && held && held->find("W/" + std::string{*tag}) != held->npos)
        weaken_tag(answer);
}

/// All but the work: how the whole body is to be compressed, if it is.
std::optional<coding> prepare(const request& of, response& answer,
                              const compression_options& choices)
{
    if (answer.status() == 304) {
        // Which type it would have had is not known here; its copies were told the same.
        add_vary(answer, "Accept-Encoding");
        agree_with_copy(of, answer);
        return std::nullopt;
    }
    if (!is_open(of, answer) || !is_compressible(answer.content_type()))
        return std::nullopt;
    const bool streams = answer.streams();
    if (!streams && (answer.body().empty() || answer.body().size() > choices.bytes_max))
        return std::nullopt;
    const choice wanted = choose(of, choices.codings);
    if (!streams && answer.body().size() < choices.bytes_min && wanted.identity)
        return std::nullopt;
    add_vary(answer, "Accept-Encoding");
    if (!streams || !wanted.kind)
        return wanted.kind;
    compress_stream(answer, *wanted.kind, choices);
    return std::nullopt;
}

awaitable<response> compress_aside(request& of, next go,
                                   std::shared_ptr<const compression_options> choices)
{
    awaitable<response> rest = go(of);
    response answer = co_await std::move(rest);
    const auto kind = prepare(of, answer, *choices);
    if (!kind)
        co_return answer;
    if (answer.body().size() <= choices->bytes_on_loop_max) {
        compress_body(answer, *kind);
        co_return answer;
    }
    try {
        awaitable<> work = offload([&answer, kind] { compress_body(answer, *kind); });
        co_await std::move(work);
    } catch (const failure&) {
        // No lane is free for it. A longer answer is better than none.
    }
    co_return answer;
}

}  // namespace

hooks compression(compression_options choices)
{
    return {.name = "compression",
            .after = [choices = std::move(choices)](const request& of, response& answer) {
                if (const auto kind = prepare(of, answer, choices))
                    compress_body(answer, *kind);
            }};
}

onion compression_on_lanes(compression_options choices)
{
    auto kept = std::make_shared<const compression_options>(std::move(choices));
    return {.name = "compression_on_lanes",
            .around = [kept](request& of, next go) { return compress_aside(of, go, kept); }};
}

compression_counts compression_now() noexcept
{
    return {.streams_open = streams_open.load(std::memory_order_relaxed),
            .streams_refused = streams_refused.load(std::memory_order_relaxed)};
}

}  // namespace cohort::http
