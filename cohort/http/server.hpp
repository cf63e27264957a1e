#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/body_budget.hpp>
#include <cohort/http/client_counts.hpp>
#include <cohort/http/exchange.hpp>
#include <cohort/http/record.hpp>
#include <cohort/http/server_options.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/timer_wheel.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cohort {
class lanes;
}

namespace cohort::http::tls {
struct certificate_life;
}

namespace cohort::http {

class router;
class session;
struct estate;
struct place_entry;
struct told_now;

/// How often a rule refused a request.
struct refusal_count {
    std::string_view rule;  ///< Of violation: "http.host.missing". Lives for ever.
    std::uint64_t times;
};

/// Serves HTTP/1.1 on connections that somebody else accepted. A resource, of one event loop.
///
/// A plain handler's request costs one recv and one send; an idle connection costs about 200 bytes
/// and no timer. The automaton in http/exchange.hpp decides, http/session.hpp does.
///
/// Lifetime: drain() or stop() before it is destroyed, and lanes::of(loop).stop() if a cpu_bound
/// handler may still be running. Loop, poller and router outlive it.
class server {
public:
    server(boost::asio::io_context& loop, net::poller& poller, const router& routes,
           server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    /// Serves this connection (TCP or Unix stream) from now on; a request that has come already is
    /// answered inside. Without TCP_NODELAY an answer in two parts may wait for an acknowledgement:
    /// connections inherit it from the listeners of net/, others want it set before.
    /// Errors: errc::queue_full, connections_max is reached, or connections_per_client_max, which
    /// its client has heard by now; errc::stopping, drain() was called. On any error the connection
    /// is still the caller's, to be closed.
    [[nodiscard]] result<> take(unique_fd&& connection);

    /// The same for a connection whose client begins with a TLS handshake. It is in no journal: it
    /// ends with this process, and goes to nobody else. Order: with server_options::tls only.
    [[nodiscard]] result<> take_tls(unique_fd&& connection);

    /// The same for connections that come through a proxy which has said for whom it speaks:
    /// handlers, limits and logs see `from`. They are in no journal, and go to nobody else.
    [[nodiscard]] result<> take(unique_fd&& connection, const peer& from);
    [[nodiscard]] result<> take_tls(unique_fd&& connection, const peer& from);

    /// Some connections of this process are not as they seem to a successor: what it finds without
    /// a word in the journal is closed.
    void expect_strangers() noexcept;

    /// TLS handshakes since the start.
    struct handshake_counts {
        std::uint64_t done = 0;
        std::uint64_t resumed = 0;  ///< Of these.
        std::uint64_t failed = 0;   ///< Refused, broken off, too slow, or no TLS at all.
    };
    [[nodiscard]] const handshake_counts& handshakes() const noexcept { return handshakes_; }

    /// How long the certificates are good that new connections get; empty without TLS. Lifetime:
    /// until the loop's next turn.
    [[nodiscard]] std::span<const tls::certificate_life> certificates() const noexcept;

    /// Goes on with connections that another server had and handed over, see drain_to(). They may
    /// exceed connections_max and connections_per_client_max: somebody serves them already.
    /// Errors: errc::stopping.
    [[nodiscard]] result<> take_over(unique_fd&& connection, const positions& at);

    /// Goes on where a dead predecessor stopped: sends the rest of its answers, runs its requests
    /// again or answers them 500, and watches what was idle. Those who wait for an answer go
    /// first; handlers run inside this call.
    ///
    /// @param found  Descriptors that it left open: connections with a record in the journal, and
    ///               accepted ones without.
    /// @return       How many connections go on.
    ///
    /// Order:        once, on the loop, before any take(). Only with a journal.
    std::size_t adopt(std::span<const int> found, passing_fate ours);

    /// Finishes: answers say Connection: close, requests in flight are answered, idle connections
    /// go last, after a look whether a request is on its way. What is left after `budget` is cut.
    ///
    /// @return       How many connections were cut.
    ///
    /// Order:        stop accepting before.
    /// Cancel:       none; call stop() to end it early.
    [[nodiscard]] awaitable<std::size_t> drain(nanoseconds budget);

    /// Finishes as drain() does, but connections go to somebody else: each as soon as it is between
    /// two requests with nothing in our buffers. Answers do not say Connection: close. What `sink`
    /// refuses is closed as drain() closes it.
    [[nodiscard]] awaitable<std::size_t> drain_to(handover sink, nanoseconds budget);

    /// Gives some of its connections to somebody else and serves on: `count` at most, spread over
    /// all of them (of very many, over the next 4,096), each as soon as it is between two requests
    /// with nothing in our buffers. What `sink` refuses stays, and what does not come to a boundary
    /// within `budget`. A drain ends it, and so do many later calls that are not over yet.
    void share(handover sink, std::size_t count, nanoseconds budget);

    /// Cuts every connection now and cancels the coroutines. Jobs on lanes end by themselves.
    /// Loop: call it on the loop. From outside, Asio would post the cancellations, and they might
    /// find their coroutines gone.
    void stop();

    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

    /// Who has how many of them.
    [[nodiscard]] const client_counts& clients() const noexcept { return clients_; }

    /// Leaves the counters alone from now on: their words are somebody else's.
    void stop_counting() noexcept { options_.counters = {}; }

    /// Its connections are in a journal: they can be adopted and handed over.
    [[nodiscard]] bool is_recorded() const noexcept { return options_.survival.journal != nullptr; }

    /// Tells the other workers what they wait for when one of them has crashed: that none of this
    /// server's requests is like the one that did it. Requests see to this as they come and go; who
    /// may be idle for long calls it now and then.
    void vouch() noexcept;

    /// No room for another connection: do not accept one.
    [[nodiscard]] bool full() const noexcept { return connections_ >= options_.connections_max; }

    /// Connections without a request that were closed because all places were taken.
    [[nodiscard]] std::uint64_t made_room() const noexcept { return made_room_; }

    /// What buffered bodies of requests take, and how many found no room.
    [[nodiscard]] const body_budget& bodies() const noexcept { return *bodies_; }

    /// Requests whose handler has begun and whose answer is not complete.
    [[nodiscard]] std::size_t running() const noexcept { return running_; }

    /// When the oldest request began that has no answer yet, if answers are counted. Of a streamed
    /// answer that has begun, and of a handler that waits for the rest of a body, the client may be
    /// the slow one: neither counts. A walk over all connections.
    [[nodiscard]] std::optional<steady_time> oldest_begun() const noexcept;

    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

    /// Refused requests by rule, since the start.
    [[nodiscard]] const std::vector<refusal_count>& refusals() const noexcept { return refusals_; }

    /// Looks at the clock now, and ends what has taken too long. The server's own timer does this
    /// once a second while something is due; tests turn the clock by hand.
    void tick();

private:
    friend class session;
    friend class stream_port;
    friend class connection_place;
    friend struct place_entry;

    static constexpr std::size_t spare_records_max = 64;
    static constexpr std::size_t sharings_max = 16;
    static constexpr std::size_t share_look_max = 4096;
    static constexpr std::size_t scratch_bytes = 16'384;

    // For sessions.
    [[nodiscard]] std::uint32_t second() const noexcept { return second_; }
    void look_at_clock() noexcept;
    [[nodiscard]] std::unique_ptr<record> lend();
    void give_back(std::unique_ptr<record> used) noexcept;
    void watch_clock(session& who, std::uint32_t due);
    void closed(session& who) noexcept;
    void bury(session& who) noexcept;
    void begun() noexcept;
    void ended() noexcept;
    [[nodiscard]] std::size_t input_bytes() const noexcept;
    void count_refusal(const violation& why, peer_lookup& from, std::string_view bytes) noexcept;

    // Who is to blame should this thread crash now: the words of the journal's header. Each returns
    // or takes what was there before.
    std::uint32_t name_suspect(int descriptor) noexcept;
    void name_suspect_on(unsigned lane, int descriptor) noexcept;
    void name_suspect_again(std::uint32_t before, unsigned thread = 0) noexcept;
    void forget_suspect(int descriptor) noexcept;

    // Requests like one that has crashed a worker.
    void look_at_cases() noexcept;
    [[nodiscard]] board::quarantine::runner runner() const noexcept;
    void end_trial(record& at, board::quarantine::ending how) noexcept;

    // Connections that were given away (takeover.cpp).
    void enter(place_entry& who) noexcept;
    void leave(place_entry& who) noexcept;
    void bid(place_entry& to, farewell what) noexcept;
    void bid_all(farewell what) noexcept;
    void forget_places() noexcept;
    [[nodiscard]] board::connection_record* page_of(int descriptor) noexcept;
    void one_less(client_counts::entry* of) noexcept;

    [[nodiscard]] result<> may_take(peer_lookup& who, const unique_fd* plain);
    void begin_tls(unique_fd&& connection, const peer_lookup& who, const peer* proxied);
    [[nodiscard]] result<> admit(unique_fd&& connection, const peer_lookup& who,
                                 const resumption& at);
    void mark_stranger(int descriptor, board::standing now) noexcept;
    [[nodiscard]] session& keep(std::unique_ptr<session> made) noexcept;
    void carry_on(estate& found);
    [[nodiscard]] handover* heir_of(const session& who) noexcept;

    // When all places are taken (server_room.cpp).
    void keep_a_place_free() noexcept;
    void look_for_idle();
    [[nodiscard]] bool close_longest_idle() noexcept;
    void forget_idle(const void* who) noexcept;

    void look_at_certificates();
    void arm();
    void close_idle();
    [[nodiscard]] awaitable<> settle(nanoseconds budget);

    boost::asio::io_context& loop_;
    net::poller& poller_;
    const router& router_;
    server_options options_;
    exchange_rules rules_;
    lanes& lanes_;
    std::atomic<std::uint32_t>* suspects_ = nullptr;  // the journal's words, one a thread
    steady_time looked_at_cases_{};
    struct life {};
    std::shared_ptr<life> life_ = std::make_shared<life>();  // for handlers that are queued already
    steady_time born_;
    std::uint32_t second_ = 1;  // as of the last look: one look per event, not per question

    session* first_ = nullptr;           // of all sessions, those of closed connections included
    place_entry* places_ = nullptr;      // of all connections that were given away
    place_entry* place_next_ = nullptr;  // while all of them are told something
    told_now* told_now_ = nullptr;       // those that are told something now, the last one first
    std::size_t connections_ = 0;        // of both kinds
    client_counts clients_;
    std::shared_ptr<body_budget> bodies_;  // also of who goes on with our connections
    struct idle_one {
        std::uint32_t since;
        session* who;
        place_entry* place;  // one of the two
    };
    std::vector<idle_one> idle_;         // may be closed in this second; the oldest last
    std::uint32_t looked_for_idle_ = 0;  // second
    std::uint64_t made_room_ = 0;
    std::size_t running_ = 0;
    std::uint64_t requests_ = 0;
    std::vector<refusal_count> refusals_;
    std::vector<std::unique_ptr<record>> spare_;
    std::array<char, scratch_bytes> scratch_;

    timer_wheel wheel_;
    boost::asio::steady_timer timer_;
    std::uint32_t armed_for_ = 0;         // second; 0: not armed
    std::uint32_t certificates_due_ = 0;  // second; 0: never
    handshake_counts handshakes_;

    handover handover_;  // while connections go to somebody else
    struct sharing {
        handover sink;
        steady_time until;
        std::uint16_t turn;
    };
    std::vector<sharing> sharings_;  // while some of them do; the oldest first
    std::uint16_t share_turn_ = 0;
    session* share_next_ = nullptr;  // where the next call begins to look
    scope coroutines_;
    wakeup changed_;
    bool draining_ = false;
};

}  // namespace cohort::http
