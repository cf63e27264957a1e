#include <cohort/http/h2/session.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/tls/stream.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::h2 {

namespace {

/// How much is taken from nghttp2 at a time; what is beyond stays with the handlers.
constexpr std::size_t output_bytes = 65'536;

/// Turns that one connection gets before others have theirs.
constexpr int read_turns_max = 4;
constexpr int send_turns_max = 16;

}  // namespace

session::session(service& owner, taken_connection taken)
    : service_{owner},
      wire_{std::move(taken)},
      poller_{wire_.place.poller()},
      coroutines_{wire_.place.coroutines()},
      peer_{wire_.who},
      connection_{owner.terms().limits, owner.options_, *this, owner.second()},
      idle_since_{owner.second()}
{}

session::~session() { COHORT_ASSERT(!open() && visits_ == 0 && alive() == 0); }

session::visit::visit(session& of) noexcept
    : of_{of}
{
    if (of_.visits_++ == 0)
        of_.service_.look_at_clock();
}

session::visit::~visit()
{
    if (of_.visits_ == 1) {
        of_.run_ready();
        of_.flush();
        of_.done_.clear();
        of_.end_if_over();
    }
    if (--of_.visits_ != 0)
        return;
    of_.done_.clear();
    if (of_.open())
        of_.service_.watch_clock(of_, of_.due());
    else if (of_.alive() == 0 && !of_.again_)
        of_.service_.bury(of_);
}

void session::begin()
{
    const visit here{*this};
    wire_.place.belongs_to(*this);
    wire_.place.on_farewell([this](farewell what) noexcept {
        if (what == farewell::drain)
            drain();
        else
            cut();
    });
    const std::string first = std::move(wire_.unread);
    connection_.receive(first, service_.second());
    receive();
    watch();
}

void session::watch()
{
    if (!open())
        return;
    watched_ = true;
    if (!poller_.watch(wire_.fd.borrow(), mask_, *this)) {
        watched_ = false;
        close_socket();  // ENOSPC or ENOMEM: without news of the socket we cannot go on
    }
}

void session::watch_for(std::uint32_t events)
{
    if (!open() || mask_ == events)
        return;
    mask_ = events;
    if (watched_ && !poller_.change(wire_.fd.borrow(), mask_, *this))
        close_socket();
}

void session::ready(std::uint32_t events) noexcept
{
    const visit here{*this};
    if ((events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && (events & EPOLLIN) == 0)) {
        close_socket();  // reset, or closed on both sides
        return;
    }
    if (blocked_) {
        // While the client takes nothing, nothing is taken of it.
        blocked_ = false;
        flush();
    }
    if (open() && !blocked_ && (events != EPOLLOUT || wire_.tls))
        receive();
}

void session::receive()
{
    if (linger_since_ != 0) {
        soak();
        return;
    }
    for (int turn = 0; open() && !ended_ && !blocked_ && turn < read_turns_max; ++turn) {
        const transfer got = wire_.read(service_.scratch_);
        switch (got.what) {
            case transfer::outcome::done:
                connection_.receive({service_.scratch_.data(), got.bytes}, service_.second());
                run_ready();
                flush();
                break;
            case transfer::outcome::readable:
                return;
            case transfer::outcome::writable:  // TLS has something to say first
                blocked_ = true;
                if (blocked_since_ == 0)
                    blocked_since_ = service_.second();
                watch_for(EPOLLOUT);
                return;
            case transfer::outcome::ended:
                client_ended();
                return;
            case transfer::outcome::broken:
                close_socket();
                return;
        }
    }
    // What TLS has taken out of the socket already, no event will tell of.
    if (open() && !blocked_ && !ended_)
        read_on_later();
}

void session::read_on_later()
{
    if (std::exchange(again_, true))
        return;
    boost::asio::post(service_.loop_, [this, alive = std::weak_ptr{service_.life_}] {
        if (alive.expired())
            return;
        const visit here{*this};
        again_ = false;
        if (open() && !blocked_)
            receive();
    });
}

void session::run_ready()
{
    // Handlers that run in line may make others ready, and may cut this very connection.
    while (!ready_.empty()) {
        std::vector<stream_id> now;
        now.swap(ready_);
        for (const stream_id id : now) {
            stream* const who = connection_.is_broken() ? nullptr : find(id);
            if (who != nullptr)
                who->run();
        }
    }
}

void session::flush()
{
    if (blocked_ || linger_since_ != 0)
        return;
    bool all = false;
    for (int turn = 0; open() && !blocked_ && !all && turn < send_turns_max; ++turn) {
        if (out_.empty())
            connection_.produce(out_, output_bytes);
        all = out_.empty();
        if (!all)
            send_some();
    }
    if (!open() || blocked_)
        return;
    blocked_since_ = 0;  // by a read, perhaps, which sends nothing of ours
    // Not finished, though the socket takes all: others have their turn, and it tells us again.
    const std::uint32_t input = ended_ ? 0U : input_events;
    watch_for(all ? input : input | EPOLLOUT);
}

void session::send_some()
{
    const transfer gone = wire_.write(std::string_view{out_}.substr(out_sent_));
    switch (gone.what) {
        case transfer::outcome::done:
            out_sent_ += gone.bytes;
            given_ += gone.bytes;
            blocked_since_ = 0;
            if (out_sent_ == out_.size()) {
                out_.clear();
                out_sent_ = 0;
            }
            return;
        case transfer::outcome::readable:
        case transfer::outcome::writable:
            blocked_ = true;
            if (blocked_since_ == 0)
                blocked_since_ = service_.second();
            watch_for(gone.what == transfer::outcome::writable ? EPOLLOUT : EPOLLIN);
            return;
        case transfer::outcome::ended:
        case transfer::outcome::broken:
            close_socket();
            return;
    }
}

stream* session::find(stream_id id) noexcept
{
    const auto at = streams_.find(id);
    return at == streams_.end() ? nullptr : at->second.get();
}

void session::request_came(arrival what)
{
    const stream_id id = what.stream;
    // Those that were reset count for as long as a handler works for them.
    if (!open() || alive() >= std::size_t{service_.options_.streams_max} * 2) {
        connection_.reset(id, error_code::refused_stream);
        return;
    }
    ++requests_;
    ++service_.requests_;
    stream& who =
        *streams_.emplace(id, std::make_unique<stream>(*this, std::move(what))).first->second;
    who.begin();
    const std::uint32_t most = service_.terms().requests_per_connection_max;
    if (most != 0 && requests_ >= most)
        drain();
}

void session::body_came(stream_id id, std::string_view piece)
{
    if (stream* const who = find(id))
        who->body_came(piece);
    else
        connection_.consumed(id, piece.size());
}

void session::body_ended(stream_id id)
{
    if (stream* const who = find(id))
        who->body_ended();
}

void session::stream_closed(stream_id id) noexcept
{
    const auto at = streams_.find(id);
    if (at == streams_.end())
        return;
    std::unique_ptr<stream> who = std::move(at->second);
    streams_.erase(at);
    who->close();
    if (who->busy())
        orphans_.push_back(std::move(who));
    else
        done_.push_back(std::move(who));
    if (streams_.empty())
        idle_since_ = service_.second();
}

void session::job_ended(stream& who) noexcept
{
    const auto at = std::ranges::find(orphans_, &who, &std::unique_ptr<stream>::get);
    if (at == orphans_.end())
        return;
    done_.push_back(std::move(*at));
    orphans_.erase(at);
}

bool session::has_room_for(std::size_t bytes) const noexcept
{
    return buffered_ + bytes <= service_.options_.buffered_bytes_max;
}

void session::request_begun() noexcept
{
    ++service_.running_;
    if (wire_.place.held())
        wire_.place.request_begun();
}

void session::request_ended() noexcept
{
    --service_.running_;
    if (wire_.place.held())
        wire_.place.request_ended();
}

std::optional<steady_time> session::oldest_begun() const noexcept
{
    std::optional<steady_time> oldest;
    for (const auto& [id, who] : streams_) {
        const auto began = who->waits_since();
        if (began && (!oldest || *began < *oldest))
            oldest = began;
    }
    return oldest;
}

bool session::runs_unasked(steady_time now) const noexcept
{
    return std::ranges::any_of(streams_,
                               [now](const auto& each) { return each.second->runs_unasked(now); });
}

}  // namespace cohort::http::h2
