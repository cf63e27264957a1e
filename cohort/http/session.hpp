#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/body_budget.hpp>
#include <cohort/http/client_counts.hpp>
#include <cohort/http/exchange.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/record.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/scribe.hpp>
#include <cohort/http/timer_wheel.hpp>
#include <cohort/http/tls/stream.hpp>
#include <cohort/http/transfer.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/net/uptake.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace cohort::http {

class leg_name;
class server;
class stream_port;

/// One connection: does what its exchange orders. A resource of the server, which frees it.
///
/// It is freed only when its socket is closed, nothing of it is on the stack (visits_) and no
/// handler works for it (job_).
class session final : public net::watcher, public timer_entry, private body_holder {
public:
    session(server& owner, unique_fd connection, std::uint32_t second,
            std::unique_ptr<tls::stream> through = nullptr, const peer* from = nullptr);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    /// Serves what has come already, then begins to watch the socket. May free the session.
    void begin();

    /// A connection that somebody else had. Before begin().
    void inherit(const resumption& at) noexcept { exchange_.resume(at); }

    /// What was found of it. A value that is moved.
    struct legacy {
        net::adoption_verdict verdict;
        board::connection_state state;
        lease input;
        lease output;
    };

    /// Begins where a dead process stopped.
    void resume(legacy found);

    void ready(std::uint32_t events) noexcept override;

    /// The second came for which it was linked into the wheel.
    void on_time();

    /// It is between two requests; somebody else may go on with it.
    void pass_on(handover& heir);

    /// Draining: if no request is here or on its way, say goodbye.
    void close_if_idle();

    /// Others wait for a place: closes the socket if it is idle and no request is here.
    void make_room();

    /// The second since which it has been without a request, if it could make room.
    [[nodiscard]] std::optional<std::uint32_t> idle_since() const noexcept;

    /// Closes the socket now, whatever is going on, and cancels its coroutine.
    void cut();

private:
    friend class server;
    friend class stream_port;

    static constexpr std::uint32_t input_events = EPOLLIN | EPOLLRDHUP;

    enum class job : std::uint8_t { none, in_line, lane, coroutine };

    /// Keeps the session alive for the length of a block, and tidies up behind the last one.
    class visit {
    public:
        explicit visit(session& of) noexcept;
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit();

    private:
        session& of_;
        std::uint32_t named_before_ = 0;
    };

    void watch();
    void receive();
    void plan_route();
    void name_request();
    void soak();
    void client_ended();
    void client_closed_its_side();
    void proceed(order next);
    void after_output(order next);
    void idle_or_read();

    [[nodiscard]] order find_route();
    [[nodiscard]] order run();
    [[nodiscard]] order start();
    [[nodiscard]] order start_lane();
    [[nodiscard]] bool may_compute(int descriptor) noexcept;
    void leave(response& answer);
    [[nodiscard]] order answer_made(response made);
    [[nodiscard]] order start_coroutine();
    [[nodiscard]] awaitable<> attend(std::shared_ptr<leg_name> name);
    void answer_from_job();
    void drop_request();
    [[nodiscard]] order answer(response& what);
    [[nodiscard]] order finish(status_code status);
    [[nodiscard]] bool begin_stream();
    void note_stream() noexcept;
    void end_stream(const result<>& outcome);
    void want_body();
    void send_piece(std::string_view piece);
    [[nodiscard]] order refuse();
    [[nodiscard]] order hold_body(order next);
    void give_body_up() noexcept override;

    // With a journal (session_journal.cpp).
    [[nodiscard]] std::size_t room_for_input();
    void enlarge_input();
    void move_input(input_place to);
    void leave_journal();
    void begin_run();
    [[nodiscard]] std::optional<poison_entry::reason> kept_from_running();
    [[nodiscard]] order answer_in_place_of_run(poison_entry::reason why);
    // With a quarantine (session_trial.cpp).
    [[nodiscard]] order run_if_allowed();
    [[nodiscard]] board::quarantine::leave ask_leave();
    [[nodiscard]] order wait_for_leave();
    [[nodiscard]] awaitable<> stand_by();
    [[nodiscard]] order act_on(board::quarantine::leave said);
    [[nodiscard]] bool runs_unasked(steady_time now) const noexcept;
    void keep_answer(std::uint64_t begins);
    void keep_head(std::uint64_t begins, const http::answer& how);
    void answered(order next);
    void write_interim();
    // Streamed answers that can be continued (session_resume.cpp).
    [[nodiscard]] bool keep_resumable_head(const http::answer& how);
    void keep_piece(std::size_t bytes);
    void inherit_stream(const legacy& found);
    [[nodiscard]] order resume_answer();
    [[nodiscard]] bool continue_stream();
    [[nodiscard]] order cut_answer();
    void all_given() noexcept;
    void take_inheritance(legacy& found);
    [[nodiscard]] order apologise_unread();
    [[nodiscard]] bool at_boundary() const noexcept;
    /// A successor would know neither its keys nor for whom a proxy speaks.
    [[nodiscard]] bool may_leave() const noexcept { return !tls_ && !proxied_; }
    [[nodiscard]] std::uint64_t end_of_output() const noexcept
    {
        return exchange_.state().bytes_answered + record_->output.size();
    }
    void tell_end(status_code status, access_end how) noexcept;
    enum class answer_begun : std::uint8_t { no, yes };
    void tell_cut(answer_begun head) noexcept;
    [[nodiscard]] answer_facts facts_of(const response& what);
    void write_head(const response& what, const http::answer& how);

    // Connections that leave (session_takeover.cpp).
    [[nodiscard]] order switch_protocols(response& what);
    void give_away();
    void give_away_to(connection_taker& to);
    [[nodiscard]] bool is_http2(std::size_t count);

    // Through TLS (session_tls.cpp).
    [[nodiscard]] bool shake_hands();
    void refuse_handshake();
    void count_failed_handshake(tls::handshake_failure why) noexcept;
    [[nodiscard]] bool handshake_is_late() const noexcept;
    [[nodiscard]] std::uint32_t handshake_due() const noexcept;
    [[nodiscard]] transfer read_tls(std::span<char> into);
    void flush_tls();
    void read_what_is_held();
    void say_goodbye() noexcept;
    [[nodiscard]] bool is_cut_short() const noexcept;

    [[nodiscard]] transfer read_some(std::span<char> into)
    {
        if (tls_) [[unlikely]]
            return read_tls(into);
        return plain_read(fd_.borrow(), into);
    }

    void flush();
    void watch_for(std::uint32_t events);
    void begin_linger();
    void look_at_progress() noexcept;
    void close_socket();
    void show_cut() noexcept;
    void cancel_job();
    void watch_clock();
    [[nodiscard]] bool open() const noexcept { return fd_.valid(); }
    [[nodiscard]] bool blocked() const noexcept { return blocked_; }

    server& server_;
    unique_fd fd_;
    std::uint32_t mask_;
    exchange exchange_;
    scribe scribe_;
    std::unique_ptr<record> record_;
    std::unique_ptr<tls::stream> tls_;            // null: plain
    client_counts::entry* counted_as_ = nullptr;  // among its client's; null: nobody's
    session* prev_ = nullptr;
    session* next_ = nullptr;
    boost::asio::cancellation_signal* cancel_ = nullptr;
    stream_port* port_ = nullptr;
    peer_lookup peer_;
    net::uptake uptake_;  // looked at while blocked_
    std::uint16_t visits_ = 0;
    std::uint16_t share_turn_ = 0;  // of the server's share(), if it is to go with that one
    job job_ = job::none;
    std::atomic<bool> gone_{false};  // for a lane: nobody wants the answer any more
    order pending_ = order::wait;    // when blocked_ ends
    order after_stream_ = order::wait;
    bool watched_ = false;       // in the poller's set
    bool blocked_ = false;       // the socket takes no more for now
    bool streaming_ = false;     // the answer's head is out, its body is being produced
    bool reading_body_ = false;  // a streaming handler waits for bytes
    bool counted_ = false;       // among the server's running requests
    bool chunked_ = false;
    bool ends_by_close_ = false;  // only the connection's end is the end of this answer's body
    bool produced_ = false;       // all of that body is in the output
    bool proxied_ = false;        // the peer is whom a proxy has named
    std::uint64_t cookie_ = 0;    // the socket's; 0: nobody has asked
};

}  // namespace cohort::http
