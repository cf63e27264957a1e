#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/net/balance.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/worker/census.hpp>
#include <cohort/worker/door.hpp>
#include <cohort/worker/intake.hpp>
#include <cohort/worker/link.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::work {

/// All doors of this worker, its slot's inbox, and its row on the board. A resource.
///
/// Decides what every accepted connection becomes: ours, a less loaded neighbour's, or, if it came
/// through the inbox and cannot be taken, the primary's again.
class hall final : private porter, private intake::host {
public:
    /// `changed` is notified when a door has closed.
    hall(asio::any_io_executor executor, net::poller& poller, link& primary, wakeup& changed);
    hall(const hall&) = delete;
    hall& operator=(const hall&) = delete;

    /// Moves in, with what the welcome brought. Errors: errc::malformed; those of the board.
    [[nodiscard]] result<> open(const ipc::welcome& terms, std::vector<unique_fd> cargo);
    /// The worker is kept: connections go through this journal, and these of a dead predecessor are
    /// here. Order: before open().
    void inherit(board::journal& journal, std::vector<int> found);
    [[nodiscard]] board::journal* journal() const noexcept { return journal_; }
    /// What an HTTP server adopts; once. Copies of what somebody else has are closed.
    [[nodiscard]] std::vector<int> take_found();
    /// Hands those of them to other slots that are between two requests, with what their clients
    /// have sent meanwhile. Order: before take_found(). Returns how many.
    std::size_t hand_on_found() noexcept;
    /// For the one server that records its connections there: the first who asks.
    [[nodiscard]] board::journal* lend_journal() noexcept;
    [[nodiscard]] board::quarantine& quarantine() noexcept { return *quarantine_; }
    [[nodiscard]] board::commons commons() const noexcept { return board_->commons(); }

    // Connections that are served already, on their way between the servers of two slots.

    /// Takes a connection that a server of another slot has served. False: not possible.
    using successor = std::move_only_function<bool(unique_fd&, const net::handover&) noexcept>;
    void on_moved(successor take) { moved_ = std::move(take); }
    /// Passes one on to the slot with the fewest, by ticket. False: nobody takes it.
    [[nodiscard]] bool move_on(unique_fd& connection, net::handover about) noexcept;
    /// Told to share what is served here with a newcomer. Who serves says which connections go.
    using sharer = std::move_only_function<void(const ipc::share_order&) noexcept>;
    void on_share(sharer give) { share_ = std::move(give); }
    void share(const ipc::share_order& order) noexcept;
    /// Passes one on to this slot, by ticket. False: it cannot be taken there now, and is ours.
    [[nodiscard]] bool move_to(std::uint32_t slot, unique_fd& connection,
                               net::handover about) noexcept;
    /// Somebody else serves what we serve.
    [[nodiscard]] bool has_heirs() noexcept;
    /// Whether a connection that the dead had under way with this ticket is ours (again).
    [[nodiscard]] bool is_ours(std::uint32_t ticket) noexcept;
    /// Their journal says so now: the tickets that is_ours() said yes to can be given out again.
    void settle() noexcept;

    void meet(const ipc::neighbours& who, std::vector<unique_fd> cargo) noexcept;

    /// Listens. Errors: as cohort::worker::listen.
    [[nodiscard]] awaitable<result<std::shared_ptr<door>>> listen(std::string where,
                                                                  net::listen_options how);
    /// Learns what number an endpoint has, without accepting there: for who only hands over.
    /// Errors: the same.
    [[nodiscard]] awaitable<result<>> learn(std::string where);
    /// A socket for datagrams. Errors: the same.
    [[nodiscard]] awaitable<result<unique_fd>> bind(std::string where, net::listen_options how);

    /// Closes every door. With `last`, what waits in the accept queues and the inbox is taken
    /// first: nobody else would.
    enum class rest_of_queue { leave, take };
    void close(rest_of_queue what);
    /// Leaves everything that waits to others, confirms what was taken, and takes no more.
    void shut() noexcept;

    /// As many connections as were wished for, as far as there are descriptors.
    [[nodiscard]] std::uint32_t connections_max() const noexcept { return connections_max_; }

    /// The row's words for connections belong to somebody else (an HTTP server) from now on.
    [[nodiscard]] board::slot& lend_row() noexcept;
    /// Where it counts how its answers go.
    [[nodiscard]] board::answer_cells& answers() noexcept { return board_->answers(slot_); }
    [[nodiscard]] board::slot& row() noexcept
    {
        return orphaned_ ? nobodys_row_ : board_->row(slot_);
    }
    /// The keeper is dead: row and inbox are those of a successor in another pair from now on.
    /// What was left open for a successor goes to others: the table ends with us.
    void orphaned() noexcept;
    /// Somebody will follow in this slot: what nobody else takes at once is left for him, open and
    /// written down, in the table and the journal that he shares with us.
    void expect_successor() noexcept { successor_comes_ = true; }
    /// Nobody will, after all: what was left for him goes to others, or is closed.
    void expect_nobody() noexcept;
    /// How long move_on() may wait for heirs to make room, in the rest of this life.
    void wait_for_heirs_at_most(nanoseconds longest) noexcept { patience_ = longest; }

    /// The numbers of the endpoints where this worker listens.
    [[nodiscard]] std::vector<std::uint32_t> endpoints() const;
    /// Doors that push connections into a sink.
    [[nodiscard]] bool serves() const noexcept;
    /// Has any door ever been opened, and is one still?
    [[nodiscard]] bool listens() const noexcept { return !doors_.empty(); }
    /// Plain sockets of the program that are still open, after a look at all of them, plus
    /// connections that nobody has taken yet.
    [[nodiscard]] std::size_t connections() noexcept;
    /// On every beat.
    void refresh() noexcept;
    /// And this, too.
    void on_beat(std::move_only_function<void() noexcept> also) { also_on_beat_ = std::move(also); }

private:
    static constexpr std::size_t sweep_max = 4096;
    static constexpr std::size_t census_step = 8;

    nanoseconds wait_before_accept() noexcept override;
    void pass_on(const door& from, unique_fd& connection) noexcept override;
    void handed_out(int connection) noexcept override;
    void has_room() noexcept override;
    void closed(const door& which) noexcept override;
    bool wants_more() noexcept override;
    void came(net::arrival got) noexcept override;
    void batch_ended() noexcept override;

    [[nodiscard]] result<std::shared_ptr<door>> listen_alone(const net::endpoint& where,
                                                             const net::listen_options& how);
    [[nodiscard]] awaitable<result<ipc::envelope>>
    ask(const net::endpoint& where, const net::listen_options& how, std::uint32_t index);
    [[nodiscard]] std::uint32_t index_of(const net::endpoint& where);
    void attempt_failed(const net::endpoint& where, std::uint32_t index);
    void leave_endpoint(std::uint32_t number);
    void add(const std::shared_ptr<door>& opened);
    void say_listening(const door& at) const;
    [[nodiscard]] door* find(std::uint32_t number) noexcept;
    [[nodiscard]] bool full() const noexcept;
    enum class outcome : std::uint8_t { gone, nobody, later };
    [[nodiscard]] outcome offer_around(unique_fd& connection, const net::handover& about) noexcept;
    [[nodiscard]] bool leave_behind(unique_fd& connection, const net::handover& at) noexcept;
    void take_back_what_was_left() noexcept;
    [[nodiscard]] std::uint32_t endpoint_of(int connection) noexcept;
    [[nodiscard]] bool address(const unique_fd& connection, net::handover& about) noexcept;
    [[nodiscard]] bool give(std::uint32_t to, unique_fd& connection, net::handover about) noexcept;
    [[nodiscard]] bool win(net::arrival& got) noexcept;
    [[nodiscard]] bool claim(int descriptor, std::uint64_t cookie);
    void close_what_nobody_adopts() noexcept;
    [[nodiscard]] bool take_over(unique_fd& connection, const net::handover& about) noexcept;
    void came_moved(net::arrival got, bool listens_there) noexcept;
    void house_homeless() noexcept;
    [[nodiscard]] bool pass_around(unique_fd& connection, net::handover about) noexcept;
    void served(int descriptor, std::uint32_t ticket) noexcept;
    void say_ready() noexcept;
    void bound_connections() noexcept;
    void look_around() noexcept;
    void publish() noexcept;

    asio::any_io_executor executor_;
    net::poller& poller_;
    link& primary_;
    wakeup& changed_;
    std::optional<board::segment> board_;
    std::uint32_t id_ = 0;
    std::uint32_t slot_ = 0;
    std::uint32_t connections_wanted_ = 0;
    std::uint32_t connections_max_ = 0;  // of these, as many as there are descriptors for
    bool shares_ = false;                // policy balanced: we pass connections on
    bool row_lent_ = false;
    bool closing_ = false;

    board::journal* journal_ = nullptr;  // of a kept worker
    std::vector<int> found_;
    steady_time opened_at_{};
    bool ready_told_ = false;
    /// Where this worker listens, or did before it drained.
    std::vector<std::pair<std::uint32_t, net::endpoint>> endpoints_;
    bool orphaned_ = false;
    bool successor_comes_ = false;
    board::slot nobodys_row_{};
    nanoseconds patience_ = milliseconds{500};  // with heirs who have no room
    /// Open still, for whoever follows us here.
    struct left_open {
        int descriptor;
        net::handover at;
    };
    std::vector<left_open> left_;
    /// Moved here, while we do not serve there: until our door opens, or another takes it.
    struct homeless {
        unique_fd connection;
        net::handover about;
        steady_time since;
    };
    std::vector<homeless> homeless_;
    bool journal_lent_ = false;
    std::optional<board::quarantine> quarantine_;
    successor moved_;
    sharer share_;
    std::move_only_function<void() noexcept> also_on_beat_;
    std::vector<board::ticket> won_;

    std::vector<std::weak_ptr<door>> doors_;
    std::vector<std::weak_ptr<door>> emptying_;  // closed, but somebody still waits inside
    nanoseconds beat_limit_{0};  // a row whose beat is older may be a stuck worker's
    struct zero_ports {
        std::uint32_t next = 0;
        std::uint32_t open = 0;
        std::vector<std::uint32_t> given_back;  // indices of attempts that failed
    };
    std::map<std::string, zero_ports> zero_ports_;  // by what was asked
    std::map<const door*, std::string> zero_port_doors_;

    intake inbox_;
    std::vector<std::uint64_t> taken_;    // of the running batch, to be confirmed
    std::vector<std::uint64_t> refused_;  // and to be given back

    /// Sockets for datagrams that the program has, by what it asked for: a key starts over when all
    /// of its sockets are closed.
    struct datagram_sockets {
        census given;
        std::uint32_t next = 0;
    };
    std::map<std::string, datagram_sockets> datagrams_;

    std::vector<unique_fd> neighbours_;  // giving ends, by slot
    std::optional<net::balanced> balance_;
    std::vector<net::load> loads_;
    census census_;
    std::uint64_t given_ = 0;
};

}  // namespace cohort::work
