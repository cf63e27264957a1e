#pragma once

#include <cohort/http/h2/connection.hpp>
#include <cohort/http/h2/stream.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/timer_wheel.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/net/uptake.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::http::h2 {

class service;

/// One HTTP/2 connection on its socket: does what the automaton says. A resource of the service,
/// which frees it when its socket is closed, nothing of it is on the stack and no handler works
/// for it.
class session final : public net::watcher,
                      public timer_entry,
                      public place_tenant,
                      private connection_user {
public:
    session(service& owner, taken_connection taken);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    /// Serves what has come already, then begins to watch the socket. May free the session.
    void begin();

    void ready(std::uint32_t events) noexcept override;

    /// The second came for which it was linked into the wheel.
    void on_time();

    /// Takes no more requests; ends when those that run are answered.
    void drain();

    /// Closes the socket now, and cancels what runs.
    void cut();

    /// Jobs that will never end: the lanes have dropped them.
    void abandon_jobs() noexcept;

    [[nodiscard]] std::optional<steady_time> idle_since() const noexcept override;
    void make_room() noexcept override;
    [[nodiscard]] std::optional<steady_time> oldest_begun() const noexcept override;
    [[nodiscard]] bool runs_unasked(steady_time now) const noexcept override;

private:
    friend class service;
    friend class stream;
    friend class stream_port;

    static constexpr std::uint32_t input_events = EPOLLIN | EPOLLRDHUP;

    /// Keeps the session alive for the length of a block, and sends what came of it.
    class visit {
    public:
        explicit visit(session& of) noexcept;
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit();

    private:
        session& of_;
    };

    void request_came(arrival what) override;
    void body_came(stream_id id, std::string_view piece) override;
    void body_ended(stream_id id) override;
    void stream_closed(stream_id id) noexcept override;

    // For streams.
    void may_run(const stream& who) { ready_.push_back(who.id()); }
    void job_ended(stream& who) noexcept;
    [[nodiscard]] bool has_room_for(std::size_t bytes) const noexcept;
    void request_begun() noexcept;
    void request_ended() noexcept;

    [[nodiscard]] stream* find(stream_id id) noexcept;
    void receive();
    void read_on_later();
    void run_ready();
    void flush();
    void send_some();
    void watch();
    void watch_for(std::uint32_t events);
    void end_if_over();
    void client_ended();
    void soak();
    void begin_linger();
    void close_streams() noexcept;
    void close_socket();
    [[nodiscard]] bool takes_too_slowly(std::uint32_t second) noexcept;
    /// A copy, since what is done to one may make or end others.
    [[nodiscard]] std::vector<stream*> all_streams() const;
    void look_at_streams(std::uint32_t second);
    [[nodiscard]] std::uint32_t due() const noexcept;
    [[nodiscard]] bool open() const noexcept { return wire_.fd.valid(); }
    [[nodiscard]] std::size_t alive() const noexcept { return streams_.size() + orphans_.size(); }

    service& service_;
    taken_connection wire_;
    net::poller& poller_;
    scope& coroutines_;
    peer_lookup peer_;
    connection connection_;
    std::unordered_map<stream_id, std::unique_ptr<stream>> streams_;
    std::list<std::unique_ptr<stream>> orphans_;  // closed, but a handler still works for them
    std::vector<std::unique_ptr<stream>> done_;   // freed when nothing is on the stack
    std::vector<stream_id> ready_;
    std::string out_;
    std::size_t out_sent_ = 0;
    std::uint64_t buffered_ = 0;  // bytes of buffered bodies
    session* prev_ = nullptr;
    session* next_ = nullptr;
    std::uint32_t mask_ = input_events;
    std::uint32_t requests_ = 0;
    std::uint32_t idle_since_;
    std::uint32_t drain_since_ = 0;
    std::uint32_t blocked_since_ = 0;
    std::uint32_t linger_since_ = 0;
    net::uptake uptake_;       // looked at while blocked_
    pace answer_pace_;         // ... as is this
    std::uint64_t given_ = 0;  // bytes, to the socket
    std::uint64_t taken_ = 0;  // of these, seen to be taken by the client while blocked_
    std::uint16_t visits_ = 0;
    bool watched_ = false;
    bool blocked_ = false;  // the socket takes no more for now
    bool ended_ = false;    // the client's FIN
    bool again_ = false;    // a turn of the loop is on its way to read on
};

}  // namespace cohort::http::h2
