#pragma once
// A server that misbehaves on purpose, and counts how often, so that the witness can be tested.

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/witness_body.hpp>

#include <fmt/format.h>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <thread>

namespace cohort::testing {

/// What it does instead of answering.
enum class misdeed : std::uint8_t {
    none,
    wrong_byte,
    wrong_number,
    no_number,
    short_body,           // one byte less, and a Content-Length that says so
    long_body,            // one byte more, and a Content-Length that says so
    missing_byte,         // one byte less than Content-Length says, and nothing more comes
    missing_byte_closed,  // the same, and the end
    extra_byte,           // behind a good answer
    answer_twice,
    answer_of_another,  // all of it good, but for another number
    reset_at_once,      // before all of the request was sent
    reset_unanswered,
    reset_in_head,
    reset_in_body,
    end_unanswered,
    end_in_head,
    end_in_body,
    end_in_chunk,
    end_between_chunks,
    bad_chunk_size,
    no_http,
    bare_line_feeds,
    two_lengths,
    status_500,
    status_503,
    hang,
    hang_in_body,
    end_while_idle,  // a good answer, then the end without a word
    say_close,       // a good answer that says so
    continue_first,  // "100 Continue", then a good answer
    by_the_end,      // a good answer whose end is that of the connection
};

/// Blocking, a thread for each connection. Of every `every` requests one is mistreated. A resource.
class misbehaving_server {
public:
    explicit misbehaving_server(misdeed how, std::uint64_t every = 10)
        : how_{how},
          every_{every},
          listener_{net::open_listener(net::endpoint::parse("127.0.0.1:0").value(), {}).value()}
    {
        acceptor_ = std::jthread{[this] { accept(); }};
    }
    ~misbehaving_server()
    {
        stopping_ = true;
        acceptor_.join();
    }
    misbehaving_server(const misbehaving_server&) = delete;
    misbehaving_server& operator=(const misbehaving_server&) = delete;

    [[nodiscard]] net::endpoint where() const
    {
        return net::local_endpoint(listener_.borrow()).value();
    }
    /// How often it did it.
    [[nodiscard]] std::uint64_t misdeeds() const noexcept { return misdeeds_; }
    /// Requests answered as they should be.
    [[nodiscard]] std::uint64_t good_deeds() const noexcept { return good_deeds_; }

private:
    struct asked {
        std::uint64_t number = 0;
        std::uint64_t bytes = 0;
    };

    struct connection {
        unique_fd socket;
        std::string input;
    };

    bool readable(int socket) const
    {
        pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
        while (!stopping_) {
            if (::poll(&one, 1, 20) > 0)
                return true;
        }
        return false;
    }

    void accept()
    {
        std::list<std::jthread> threads;
        while (readable(listener_.borrow())) {
            const int socket = ::accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC);
            if (socket != -1)
                threads.emplace_back([this, socket] { serve({unique_fd{socket}, {}}); });
        }
    }

    void serve(connection to)
    {
        asked what;
        while (to.socket.valid() && read_target(to, what)) {
            const bool mistreated = what.number % every_ == 0;
            if (mistreated && how_ == misdeed::reset_at_once) {
                ++misdeeds_;
                reset(to);
                return;
            }
            if (!read_rest(to))
                return;
            if (!mistreated || how_ == misdeed::none) {
                ++good_deeds_;
                send(to, answer(what));
                continue;
            }
            ++misdeeds_;
            mistreat(to, what);
        }
    }

    static bool more(connection& from)
    {
        std::array<char, 16'384> buffer{};
        const auto got = ::recv(from.socket.borrow(), buffer.data(), buffer.size(), 0);
        if (got > 0)
            from.input.append(buffer.data(), static_cast<std::size_t>(got));
        return got > 0;
    }

    /// The request line: who asks for how much.
    bool read_target(connection& from, asked& what) const
    {
        while (from.input.find(" HTTP/1.1\r\n") == std::string::npos) {
            if (!readable(from.socket.borrow()) || !more(from))
                return false;
        }
        const std::string_view line = std::string_view{from.input}.substr(0, from.input.find('\r'));
        const std::string_view target = line.substr(0, line.rfind(' '));
        const std::size_t query = target.find('?');
        const std::size_t slash = target.rfind('/', query);
        const std::string_view bytes = target.substr(query + 7);
        what.number =
            parse_integer<std::uint64_t>(target.substr(slash + 1, query - slash - 1)).value_or(0);
        what.bytes = parse_integer<std::uint64_t>(bytes.substr(0, bytes.find('&'))).value_or(0);
        return true;
    }

    bool read_rest(connection& from) const
    {
        std::size_t head = from.input.find("\r\n\r\n");
        while (head == std::string::npos) {
            if (!readable(from.socket.borrow()) || !more(from))
                return false;
            head = from.input.find("\r\n\r\n");
        }
        const std::size_t field = from.input.find("Content-Length: ");
        std::size_t whole = head + 4;
        if (field < head) {
            const std::string_view value = std::string_view{from.input}.substr(field + 16);
            whole += parse_integer<std::size_t>(value.substr(0, value.find('\r'))).value_or(0);
        }
        while (from.input.size() < whole) {
            if (!readable(from.socket.borrow()) || !more(from))
                return false;
        }
        from.input.erase(0, whole);
        return true;
    }

    static std::string head(const asked& what, std::string_view framing)
    {
        return fmt::format("HTTP/1.1 200 OK\r\nWitness-Number: {}\r\nWitness-Attempt: 1\r\n"
                           "{}\r\n\r\n",
                           what.number, framing);
    }
    static std::string answer_with(const asked& what, const std::string& body)
    {
        return head(what, fmt::format("Content-Length: {}", body.size())) + body;
    }
    static std::string answer(const asked& what)
    {
        return answer_with(what, witness_body(what.number, what.bytes));
    }
    static std::string empty_answer(std::string_view status)
    {
        return fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n", status);
    }

    static void send(const connection& to, const std::string& bytes)
    {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const auto n =
                ::send(to.socket.borrow(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (n <= 0)
                return;
            sent += static_cast<std::size_t>(n);
        }
    }
    static void reset(connection& to)
    {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(to.socket.borrow(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        to.socket.reset();
    }
    /// Until the client has had enough.
    void hang(connection& to) const
    {
        while (readable(to.socket.borrow()) && more(to)) {
        }
        to.socket.reset();
    }
    static void send_and_end(connection& to, const std::string& bytes)
    {
        send(to, bytes);
        to.socket.reset();
    }
    /// Not before the client's kernel has the bytes: a reset throws away what is on its way.
    static void send_and_reset(connection& to, const std::string& bytes)
    {
        send(to, bytes);
        int left = 1;
        while (::ioctl(to.socket.borrow(), SIOCOUTQ, &left) == 0 && left > 0)
            ::poll(nullptr, 0, 1);
        reset(to);
    }

    void mistreat(connection& to, asked what);
    void mistreat_body(connection& to, asked what);
    void mistreat_end(connection& to, asked what);

    misdeed how_;
    std::uint64_t every_;
    unique_fd listener_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> misdeeds_{0};
    std::atomic<std::uint64_t> good_deeds_{0};
    std::jthread acceptor_;
};

inline void misbehaving_server::mistreat(connection& to, asked what)
{
    std::string good = answer(what);
    switch (how_) {
        case misdeed::wrong_number:
            return send(to,
                        answer_with({what.number + 1, 0}, witness_body(what.number, what.bytes)));
        case misdeed::answer_of_another:
            return send(to, answer({what.number + 1, what.bytes}));
        case misdeed::no_number:
            return send(to, "HTTP/1.1 200 OK" + good.substr(good.find("\r\nWitness-Attempt")));
        case misdeed::extra_byte:
            return send(to, good + 'x');
        case misdeed::answer_twice:
            return send(to, good + good);
        case misdeed::no_http:
            return send(to, "SSH-2.0-OpenSSH_9.2p1\r\n");
        case misdeed::bare_line_feeds:
            return send(to, good.erase(good.find('\r'), 1));
        case misdeed::two_lengths:
            return send(to, head(what, "Content-Length: 0\r\nContent-Length: 0"));
        case misdeed::status_500:
            return send(to, empty_answer("500 Internal Server Error"));
        case misdeed::status_503:
            return send(to, empty_answer("503 Service Unavailable"));
        case misdeed::continue_first:
            return send(to, "HTTP/1.1 100 Continue\r\n\r\n" + good);
        case misdeed::hang:
            return hang(to);
        default:
            return mistreat_body(to, what);
    }
}

inline void misbehaving_server::mistreat_body(connection& to, asked what)
{
    std::string body = witness_body(what.number, what.bytes + 1);
    const std::string length = fmt::format("Content-Length: {}", what.bytes + 1);
    switch (how_) {
        case misdeed::long_body:
            return send(to, answer_with(what, body));
        case misdeed::short_body:
            // An answer without any body has none to lose.
            return send(to,
                        answer_with(what, body.substr(0, what.bytes == 0 ? 1 : what.bytes - 1)));
        case misdeed::wrong_byte:
            body.resize(what.bytes == 0 ? 1 : what.bytes);
            body.back() = static_cast<char>(body.back() ^ 1);
            return send(to, answer_with(what, body));
        case misdeed::missing_byte:
        case misdeed::hang_in_body:
            send(to, head(what, length) + body.substr(1));
            return hang(to);
        case misdeed::missing_byte_closed:
        case misdeed::end_in_body:
            return send_and_end(to, head(what, length) + body.substr(1));
        case misdeed::reset_in_body:
            return send_and_reset(to, head(what, length) + body.substr(1));
        default:
            return mistreat_end(to, what);
    }
}

inline void misbehaving_server::mistreat_end(connection& to, asked what)
{
    const std::string good = answer(what);
    const std::string chunked = head(what, "Transfer-Encoding: chunked");
    switch (how_) {
        case misdeed::reset_unanswered:
            return reset(to);
        case misdeed::reset_in_head:
            return send_and_reset(to, good.substr(0, 20));
        case misdeed::end_unanswered:
            return to.socket.reset();
        case misdeed::end_in_head:
            return send_and_end(to, good.substr(0, 20));
        case misdeed::end_in_chunk:
            return send_and_end(to, chunked + "5\r\n" + witness_body(what.number, 3));
        case misdeed::end_between_chunks:
            return send_and_end(to, chunked + "5\r\n" + witness_body(what.number, 5) + "\r\n");
        case misdeed::bad_chunk_size:
            return send(to, chunked + "0x5\r\n");
        case misdeed::end_while_idle:
            return send_and_end(to, good);
        case misdeed::say_close:
            return send_and_end(to, head(what, "Connection: close\r\nContent-Length: " +
                                                   std::to_string(what.bytes)) +
                                        witness_body(what.number, what.bytes));
        case misdeed::by_the_end:
            return send_and_end(to, head(what, "Cache-Control: no-store") +
                                        witness_body(what.number, what.bytes));
        default:
            return send(to, good);
    }
}

}  // namespace cohort::testing
