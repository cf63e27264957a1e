#include <cohort/control/server.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/try.hpp>
#include <cohort/control/entrance.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <optional>
#include <utility>

namespace cohort::control {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds question_within = 10s;  // from the connection to its whole request
constexpr nanoseconds line_within = 10s;      // to get rid of one line
constexpr nanoseconds desk_slack = 1s;        // over the budget; the asker waits longer

void send_off(int connection, std::string reason)
{
    answer_at(connection, answer{exit_code::refused, std::move(reason)});
}

answer not_understood(const fault& why)
{
    const bool late = why.why() == errc::deadline_passed;
    return {exit_code::usage, late ? "no request came in time" : why.text()};
}

awaitable<result<>> ended(scope& all)
{
    co_await all.join();
    co_return result<>{};
}

}  // namespace

void answer_at(int connection, const answer& what) noexcept
{
    const std::string line = encode(what);
    static_cast<void>(::send(connection, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

void asker::tell(progress what)
{
    if (gone_ || finished_)
        return;
    if (waiting_.size() >= waiting_max)
        waiting_.pop_front();
    waiting_.push_back(encode(what));
    changed_.notify_all();
}

awaitable<> asker::heard()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!gone_ && (writing_ || !waiting_.empty()) && !stopped(stop))
        co_await changed_.wait();
}

struct server::conversation {
    conversation(stream::socket over, std::string known_as)
        : socket{std::move(over)},
          who{socket.get_executor(), socket.native_handle(), std::move(known_as)}
    {}
    stream::socket socket;
    asker who;
    std::string received;
    bool dismissed = false;  // it said nothing, and others came
};

/// One more, for as long as it lives.
class server::counted {
public:
    explicit counted(std::size_t& number) noexcept
        : number_{number}
    {
        ++number_;
    }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --number_; }

private:
    std::size_t& number_;
};

server::server(asio::any_io_executor executor, uid_t who, desk& to)
    : executor_{executor},
      door_{executor},
      user_{who},
      desk_{to},
      doorman_{executor},
      helpers_{executor},
      sessions_{executor}
{}

server::~server() = default;

result<std::unique_ptr<server>> server::open(asio::any_io_executor executor, unique_fd door,
                                             uid_t who, desk& to)
{
    std::unique_ptr<server> made{new server{executor, who, to}};
    error_code ec;
    made->door_.assign(stream{}, door.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "listen at the admin socket"));
    static_cast<void>(door.release());
    made->doorman_.spawn(made->accept_all());
    return made;
}

awaitable<> server::accept_all()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    backoff pause{10ms, 1s};
    while (!stopped(stop)) {
        auto [ec, socket] = co_await door_.async_accept(use_tuple);
        if (stopped(stop))
            break;
        if (!ec) {
            pause.reset();
            receive(std::move(socket));
        } else {
            // Mostly descriptors: they come back, and whoever asks waits in the queue meanwhile.
            co_await sleep_for(pause.next());
        }
    }
}

void server::receive(stream::socket came)
{
    const auto peer = peer_of(came.native_handle());
    if (!peer || (peer->user != user_ && peer->user != 0))
        return send_off(came.native_handle(), "this cohort belongs to another user");
    // Root sees all and is seen by all, except where /proc hides it from users: it is not asked.
    if (kept_out_ && peer->user == user_) {
        if (std::string why = kept_out_(peer->pid); !why.empty())
            return send_off(came.native_handle(), std::move(why));
    }
    admit(std::move(came), {});
}

void server::take(unique_fd connection, std::string who)
{
    stream::socket came{executor_};
    error_code refused;
    came.assign(stream{}, connection.borrow(), refused);
    if (refused)
        return;
    static_cast<void>(connection.release());
    admit(std::move(came), std::move(who));
}

void server::admit(stream::socket came, std::string known_as)
{
    // Whoever connects and says nothing keeps nobody out: the one that did so first makes room.
    if (silent_.size() >= silent_max) {
        const conversation_ptr first = std::move(silent_.front());
        silent_.pop_front();
        first->dismissed = true;
        send_off(first->socket.native_handle(), "busy, and no request came");
        error_code ignored;
        first->socket.cancel(ignored);
    }
    auto with = std::make_shared<conversation>(std::move(came), std::move(known_as));
    silent_.push_back(with);
    sessions_.spawn(serve(std::move(with)));
}

awaitable<result<request>> server::read_request(conversation_ptr with)
{
    auto into = asio::dynamic_buffer(with->received, request_bytes_max);
    auto [ec, size] = co_await asio::async_read_until(with->socket, into, '\n', use_tuple);
    if (ec == asio::error::not_found)
        co_return failed(errc::too_large, "read a request",
                         fmt::format("{} bytes are taken at most", request_bytes_max));
    if (ec)
        co_return std::unexpected(fault(ec, "read a request"));
    if (size != with->received.size())
        co_return failed(errc::malformed, "read a request", "a connection carries one");
    const std::string_view line{with->received.data(), size - 1};
    co_return decode_request(line);
}

awaitable<answer> server::work_out(conversation_ptr with, request what)
{
    const milliseconds budget = what.budget;
    const auto answering = [](desk& to, request ask, asker& of) -> awaitable<result<answer>> {
        auto reply = co_await to.handle(std::move(ask), of);
        co_return result<answer>{std::move(reply)};
    };
    auto work = answering(desk_, std::move(what), with->who);
    result<answer> reply = answer{};
    if (budget == 0ms)
        reply = co_await std::move(work);
    else
        reply = co_await with_deadline(std::move(work), budget + desk_slack);
    if (!reply)
        co_return answer{exit_code::timed_out, "no answer was found in time"};
    co_return *std::move(reply);
}

awaitable<> server::serve(conversation_ptr with)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    asker& who = with->who;
    auto reading = read_request(with);
    auto asked = co_await with_deadline(std::move(reading), question_within);
    std::erase(silent_, with);
    if (stopped(stop) || with->dismissed)
        co_return;
    if (answering_ >= connections_max) {
        send_off(with->socket.native_handle(),
                 fmt::format("busy: {} others are being answered", connections_max));
        co_return;
    }
    const counted one{answering_};
    asio::cancellation_signal* const writer = helpers_.spawn(write_all(with));
    asio::cancellation_signal* const watcher = helpers_.spawn(watch(with));
    if (writer == nullptr || watcher == nullptr)
        co_return;
    answer reply;
    if (asked) {
        auto working = work_out(with, std::move(*asked));
        reply = co_await std::move(working);
    } else {
        reply = not_understood(asked.error());
    }
    if (stopped(stop))
        reply = answer{exit_code::refused, "the primary ends; ask again"};
    who.waiting_.push_back(encode(reply));
    who.finished_ = true;
    who.changed_.notify_all();
    // Deadline: that of each line. Also when we were asked to stop: it is our last word.
    while (!who.gone_ && (who.writing_ || !who.waiting_.empty()))
        co_await who.change();
    error_code ignored;
    with->socket.shutdown(stream::socket::shutdown_both, ignored);
    with->socket.cancel(ignored);
    who.gone_ = true;
    who.changed_.notify_all();
}

awaitable<> server::write_all(conversation_ptr with)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    asker& who = with->who;
    const auto write = [](stream::socket& to, const std::string& line) -> awaitable<result<>> {
        auto [ec, size] = co_await asio::async_write(to, asio::buffer(line), use_tuple);
        if (ec)
            co_return std::unexpected(fault(ec, "answer"));
        co_return result<>{};
    };
    while (!who.gone_ && !stopped(stop)) {
        if (who.waiting_.empty()) {
            co_await who.change();
            continue;
        }
        const std::string line = std::move(who.waiting_.front());
        who.waiting_.pop_front();
        who.writing_ = true;
        auto writing = write(with->socket, line);
        const auto sent = co_await with_deadline(std::move(writing), line_within);
        who.writing_ = false;
        who.gone_ = who.gone_ || !sent;
        who.changed_.notify_all();
    }
}

awaitable<> server::watch(conversation_ptr with)
{
    // Both directions must have ended: `socat` closes its own after the request, and still reads.
    co_await with->socket.async_wait(stream::socket::wait_error, use_tuple);
    with->who.gone_ = true;
    with->who.changed_.notify_all();
}

awaitable<> server::close(nanoseconds patience)
{
    if (std::exchange(closing_, true))
        co_return;
    doorman_.stop();
    co_await doorman_.join();
    error_code ignored;
    door_.close(ignored);
    auto leaving = ended(sessions_);
    static_cast<void>(co_await with_deadline(std::move(leaving), patience));
    sessions_.stop();
    auto left = ended(sessions_);
    const auto done = co_await with_deadline(std::move(left), line_within);
    helpers_.stop();
    co_await helpers_.join();
    if (!done)
        co_await sessions_.join();
}

}  // namespace cohort::control
