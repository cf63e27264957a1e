#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/body_budget.hpp>
#include <cohort/http/h2/connection.hpp>
#include <cohort/http/leg_executor.hpp>
#include <cohort/http/pace.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/server_options.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {
class route;
}

namespace cohort::http::h2 {

class service;
class session;
class stream_port;

/// One request and its answer: what a session of HTTP/1.1 is for a connection. A resource of its
/// session, which frees it when nghttp2 has closed the stream and no handler works for it.
class stream final : public body_source, private body_holder {
public:
    stream(session& of, connection_user::arrival what);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream();

    /// Finds the route, or refuses the request.
    void begin();
    /// All of it has come that the handler needs.
    void run();
    void body_came(std::string_view piece);
    void body_ended();
    /// nghttp2 knows it no more, or the connection is gone. Cancels its handler.
    void close() noexcept;
    /// The client will send nothing more.
    void client_ended();
    /// Time has passed.
    void on_time(std::uint32_t second);
    /// It has passed while the connection waited for its client: that is no stream's fault.
    void lose_time(std::uint32_t second) noexcept;
    /// The lanes have dropped its handler.
    void abandon_job() noexcept;

    [[nodiscard]] step give(std::span<char> room) noexcept override;

    [[nodiscard]] stream_id id() const noexcept { return id_; }
    [[nodiscard]] bool busy() const noexcept { return job_ != job::none; }
    /// When its handler began, unless the client is the slow one.
    [[nodiscard]] std::optional<steady_time> waits_since() const noexcept;
    /// See place_tenant.
    [[nodiscard]] bool runs_unasked(steady_time now) const noexcept;

private:
    friend class stream_port;
    enum class job : std::uint8_t { none, in_line, lane, coroutine };

    void plan_route();
    void answer(response& what);
    void refuse(const violation& why);
    void send_whole(response& what);
    void submit(const response& what, body_source* body);
    void finish(status_code status, access_end how);
    void tell_begin() const noexcept;
    void tell_end(status_code status, access_end how) noexcept;
    void drop_body() noexcept;
    [[nodiscard]] bool may_hold(std::size_t piece) noexcept;
    void give_body_up() noexcept override;

    // With a quarantine (stream_trial.cpp).
    [[nodiscard]] bool is_kept_from_running();
    void answer_in_place_of_run(poison_entry::reason why, std::uint64_t alike);
    void end_trial(board::quarantine::ending how) noexcept;

    // The slower ways (stream_job.cpp).
    void start_lane();
    void leave(response& answer);
    void answer_made(response made);
    void start_coroutine();
    [[nodiscard]] awaitable<> attend(std::shared_ptr<leg_name> name);
    [[nodiscard]] bool begin_stream();
    void note_stream() noexcept;
    void end_stream(const result<>& outcome);
    void answer_from_lane();
    void end_job() noexcept;
    void say_continue();
    [[nodiscard]] bool body_is_late(std::uint32_t second) noexcept;
    [[nodiscard]] bool answer_is_late(std::uint32_t second) noexcept;
    void wait_for_body() noexcept;
    void have_body() noexcept;
    [[nodiscard]] std::size_t unsent() const noexcept { return out_.size() - out_sent_; }

    session& session_;
    service& service_;
    const stream_id id_;

    std::string text_;
    head top_;
    std::optional<request> asked_;
    const route* to_ = nullptr;
    body_share held_;
    std::string body_;  // buffered, or what a streaming handler has not taken yet
    std::uint64_t body_came_ = 0;
    std::uint64_t body_max_ = 0;
    violation why_;
    std::uint64_t trial_ = 0;  // a suspect's fingerprint, while nobody else may run it
    steady_time started_{};

    std::optional<response> answer_;
    std::string out_;
    std::size_t out_sent_ = 0;
    std::uint64_t answer_bytes_ = 0;
    std::optional<std::uint64_t> unwritten_;  // of a streamed body with an announced length

    boost::asio::cancellation_signal* cancel_ = nullptr;
    stream_port* port_ = nullptr;
    pace body_pace_;              // of the client, while it owes us a body
    pace answer_pace_;            // ... and while its window stops our answer
    std::uint64_t given_ = 0;     // bytes of the answer that went out
    std::uint32_t given_at_ = 0;  // the second in which something of it last did
    job job_ = job::none;
    std::atomic<bool> gone_{false};  // for a lane: nobody wants the answer any more
    bool refused_;                   // before it was a request
    bool whole_;                     // all of the request has come
    bool collecting_ = false;        // its body is buffered, and not whole
    bool waiting_ = false;           // a streaming handler waits for the client
    bool drops_ = false;             // what comes of its body is not wanted
    bool owes_continue_ = false;
    bool begun_ = false;      // among the running requests
    bool answered_ = false;   // nghttp2 has the answer's head
    bool streaming_ = false;  // ... and its body is being produced
    bool last_ = false;       // all of the body is in out_
    bool broken_ = false;     // ... or will never be
    bool closed_ = false;
    request_times times_;  // if somebody measures requests
};

}  // namespace cohort::http::h2
