#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/answers.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/net/socket_option.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/claims.hpp>
#include <cohort/primary/coroner.hpp>
#include <cohort/primary/dealer.hpp>
#include <cohort/primary/listeners.hpp>
#include <cohort/primary/memory_bounds.hpp>
#include <cohort/primary/post_office.hpp>
#include <cohort/primary/pulse.hpp>
#include <cohort/primary/readiness.hpp>
#include <cohort/primary/salvage.hpp>
#include <cohort/primary/seat.hpp>
#include <cohort/primary/seat_view.hpp>
#include <cohort/primary/slot_view.hpp>
#include <cohort/primary/upkeep.hpp>
#include <cohort/primary/worker_handle.hpp>
#include <cohort/process/notice.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::log {
class outlet;
}

namespace cohort::primary {

/// Keeps seats filled: feeds each slot's automaton with what happens, and carries out what it
/// orders. A resource.
class supervisor final : private seating {
public:
    supervisor(boost::asio::io_context& loop, net::poller& poller, board::segment board,
               const config::settings& settings, upkeep who, audience& to);
    supervisor(const supervisor&) = delete;
    supervisor& operator=(const supervisor&) = delete;
    ~supervisor();

    /// How workers are born from now on. (Not those that are another program.)
    void use(care which) noexcept { care_ = which; }
    /// Where its sockets may come from, and are kept.
    void use(service_sockets& manager) noexcept { listeners_.use(manager); }

    /// Tells it from now on what changes. It outlives us.
    void tell(chronicle& whom) noexcept;
    /// What workers died of.
    [[nodiscard]] const death_counts& deaths() const noexcept { return coroner_.counts(); }

    /// Writes down from now on where everything stands, for who comes after us.
    void write_to(const board::ledger& book);
    /// Goes on where a dead primary stopped. `left_open` is what it had open, besides what is the
    /// root's. Errors: EMFILE.
    [[nodiscard]] result<> resume(const board::ledger& book, std::vector<int> left_open);

    /// Forks so many. Errors: those of the first that could not be started.
    [[nodiscard]] result<> start(unsigned wanted);

    /// Starts one by hand.
    struct request {
        birth_plan plan;
        std::optional<std::uint32_t> slot;
    };
    [[nodiscard]] result<worker_info> add(request what);

    /// Asks one worker, and then whoever would follow it, to leave for good.
    [[nodiscard]] result<> retire(std::uint32_t id);
    /// Asks all, kills who is not done in time. Nothing is started any more until all are gone; or
    /// ever, and the sockets are closed as soon as no worker accepts any more.
    void retire_all(nanoseconds budget, finality then);
    /// A stop has begun: all, and whoever comes, are told so, say so to probes, and serve on.
    void turn_readiness_off();
    /// Kills all, now, for good.
    void kill_all();
    [[nodiscard]] result<> kill(std::uint32_t id, int number);
    [[nodiscard]] result<> scale(unsigned wanted);
    [[nodiscard]] unsigned wanted() const noexcept { return wanted_; }
    /// The same by word of somebody: a number, or a range within which the load decides. It counts
    /// until the next word, or until a reload finds another `workers` in the settings.
    /// Errors: errc::bad_value; errc::stopping; those of a birth.
    [[nodiscard]] result<> set_number(config::worker_count said);
    /// What counts for the number: that word, or else the settings.
    [[nodiscard]] config::worker_count number() const;
    [[nodiscard]] result<> revive(std::uint32_t slot);
    /// Asks who sits there to leave, and leaves the slot empty until it is resumed; also one that
    /// rests. Errors: errc::no_such_worker; errc::bad_value, its stage does not allow it.
    [[nodiscard]] result<> hold(std::uint32_t slot);
    /// Fills a slot that is held. Errors: errc::no_such_worker; errc::bad_value, it is not held;
    /// errc::queue_full, its last keeper is still leaving (again later); errc::stopping.
    [[nodiscard]] result<> resume(std::uint32_t slot);
    /// By what its worker lives, or lived last. Nothing: there is no such slot, or nobody did.
    [[nodiscard]] generation_ptr generation_in(std::uint32_t slot) const;
    /// What its last start read (generation::start_files()). Nothing: nobody knows.
    [[nodiscard]] std::optional<std::vector<file_mark>> started_from(std::uint32_t slot) const;
    /// What holds of limit.memory, in words; empty: there is none.
    [[nodiscard]] std::string memory_words() const { return bounds_.words(settings()); }
    [[nodiscard]] const board::segment& board() const noexcept { return board_; }
    /// How the slots stand, those without a tenant and a future left out.
    [[nodiscard]] std::vector<slot_view> view() const;
    /// The sockets that are open now, as people write them.
    [[nodiscard]] std::vector<std::string> endpoints() const;
    /// How many connections wait in front of them, one for each address where the kernel tells.
    [[nodiscard]] std::map<std::string, net::accept_queue> accept_queues() const;

    // By generation, for who replaces one by another.

    /// What new workers get.
    [[nodiscard]] const generation_ptr& current() const noexcept { return current_; }
    /// What was current can be gone back to. So many are wanted from now on; scale() makes it so.
    /// Order: next->write_down() was well.
    void become_current(generation_ptr next, unsigned wanted);
    /// The greatest number of a generation that somebody lives by, or that can be gone back to.
    [[nodiscard]] std::uint32_t newest() const noexcept;
    /// Closes the sockets that only the previous generation named, and nobody listens on any more.
    /// Order: all workers are of the current one, and ready.
    void close_forsaken();
    /// The one before; nothing: there is none.
    [[nodiscard]] const generation_ptr& previous() const noexcept { return previous_; }
    /// Slots with a worker, or with one to come, ascending.
    [[nodiscard]] std::vector<std::uint32_t> filled_slots() const;
    /// One worker more than wanted, in a free slot.
    /// Errors: errc::stopping; errc::queue_full; those of its birth.
    [[nodiscard]] result<std::uint32_t> seat_extra(generation_ptr of);
    /// Order: the slot is free, see look_at(). Errors: likewise; it is tried again then, like one
    /// that died at its start, until somebody empties the seat.
    [[nodiscard]] result<> seat_again(std::uint32_t slot, generation_ptr of);
    /// Asks who sits there to leave for good; the slot is free some time later.
    void empty_seat(std::uint32_t slot);
    [[nodiscard]] seat_view look_at(std::uint32_t slot) const;
    /// How the answers of who sits there went; its memory (PSS), 0 if it is not known.
    [[nodiscard]] board::answer_counts answers_of(std::uint32_t slot) const noexcept;
    [[nodiscard]] std::uint64_t memory_of(std::uint32_t slot) const;
    [[nodiscard]] bool retiring() const noexcept { return retiring_; }

    // For who has another program go on in this process.

    /// Why that cannot be now, in words; empty: it can.
    [[nodiscard]] std::string hindrance() const;
    /// What is written down makes sense to another program from now on, too.
    /// Errors: EMFILE, ENOMEM.
    [[nodiscard]] result<> leave_behind();
    /// Workers of a primary before us that have not greeted this one yet.
    [[nodiscard]] unsigned unheard() const noexcept;

    // For who judges workers that live.

    [[nodiscard]] std::vector<tenant_view> tenants() const;
    /// Workers more than wanted, until they are gone.
    [[nodiscard]] unsigned extras() const noexcept;
    /// Slots that are filled, or will be, without those.
    [[nodiscard]] unsigned seats_taken() const noexcept;
    /// Ends a worker for its health: aborted, then killed; it is replaced. False: it does not serve
    /// any more, or `health.at_once` others were ended and are not replaced yet.
    [[nodiscard]] bool end_ill(std::uint32_t slot, std::uint32_t worker, doom why);
    /// A connection to this very worker, through its inbox, as if a client had come.
    /// Errors: errc::no_such_worker, it does not serve, listens nowhere, or has no inbox of ours;
    /// errc::queue_full, it does not take what is there; EMFILE.
    [[nodiscard]] result<unique_fd> visit(std::uint32_t slot, std::uint32_t worker);

    // For who puts log files aside.

    /// Opens the log's files anew, and has all workers do so, those to come as well. Nothing if
    /// the log is no file. Errors: as log::open_file(); lines go where they went before.
    [[nodiscard]] result<> reopen_logs();
    /// Workers that have not said yet that they write to the new ones.
    [[nodiscard]] unsigned behind_with_logs() const noexcept;

    /// No process and no channel is left, and none will be started by itself.
    [[nodiscard]] bool empty() const noexcept;
    /// Every slot that should be filled was given up.
    [[nodiscard]] bool all_parked() const noexcept;
    /// How many slots were given up.
    [[nodiscard]] unsigned parked() const noexcept;
    /// Completes at the next change of a worker: online, listening, dead, parked. Wait in a loop.
    [[nodiscard]] awaitable<> change() { return changed_.wait(); }
    void wake() { changed_.notify_all(); }

    [[nodiscard]] const post_office::directory& workers() const noexcept { return workers_; }
    [[nodiscard]] post_office& post() noexcept { return post_; }
    /// How a worker ended, for the last 1,024 of them.
    [[nodiscard]] const exit_status* end_of(std::uint32_t id) const noexcept;
    /// Ids of those that were killed because they did not leave in time, since the last call.
    [[nodiscard]] std::vector<std::uint32_t> take_forced();

    /// Ends the coroutines; the supervisor can be destroyed then.
    [[nodiscard]] awaitable<> close();

private:
    static constexpr std::size_t ends_max = 1024;
    static constexpr unsigned late_listens_max = 256;

    // What happens.
    void arrived(const worker_ptr& from, ipc::envelope&& what) noexcept;
    void control(const worker_ptr& from, ipc::envelope&& what);
    void hello(const worker_ptr& from);
    void farewell(const worker_ptr& from, ipc::envelope&& what);
    void listen(const worker_ptr& from, ipc::envelope&& what);
    [[nodiscard]] result<> try_listen(const worker_ptr& from, ipc::envelope& reply,
                                      const ipc::listen_request& wanted);
    [[nodiscard]] awaitable<> listen_later(worker_ptr from, ipc::envelope reply,
                                           ipc::listen_request wanted);
    void hung_up(const worker_ptr& who, std::optional<fault> why) noexcept;
    [[nodiscard]] awaitable<> watch(worker_ptr who);
    /// Whether somebody sits there already, or will without our doing.
    /// served_well: succeeded, too, and it did not die of its start.
    enum class aftermath : std::uint8_t { seat_empty, succeeded, served_well };
    void buried(const worker_ptr& who, aftermath then);
    void forget_if_done(const worker_ptr& who);
    void give_log(worker_handle& to);
    void took_log(worker_handle& who, std::string_view turn) noexcept;
    [[nodiscard]] std::shared_ptr<log::outlet> outlet_of(std::uint32_t slot);
    void feel_pulse();
    void take_sheet(worker_handle& from, ipc::envelope& hello);
    [[nodiscard]] awaitable<> examine_and_end(seat& at, worker_ptr who);
    [[nodiscard]] unsigned ill() const noexcept;
    void close_doors_if_done();

    // How who begins to serve gets connections that others have.
    [[nodiscard]] awaitable<> settle_in(worker_ptr who);
    [[nodiscard]] bool can_share(const seat& at) const noexcept;
    [[nodiscard]] std::vector<net::load> shares() const;
    [[nodiscard]] std::uint32_t ask_to_share(std::uint32_t newcomer,
                                             const std::vector<net::load>& all);

    // What happens to kept pairs.
    void noted(seat& at, process::received_note&& what) noexcept;
    void twin_born(seat& at, process::received_note&& what);
    void twin_ended(seat& at, const process::keeper_note& what);
    void twin_named(const worker_ptr& who, const ipc::hello& words);
    [[nodiscard]] awaitable<> bury_kept(seat& at);
    [[nodiscard]] awaitable<> bury_one(seat& at, worker_ptr who, process::keeper_note how);
    void fill_if_waiting(seat& at);
    void seat_emptied(seat& at);
    [[nodiscard]] awaitable<> hear_last_words(worker_ptr who);
    void stillborn(seat& at, const worker_ptr& who, const process::keeper_note& how);
    [[nodiscard]] awaitable<> watch_keeper(seat& at, keeper_ptr keeper);
    [[nodiscard]] awaitable<> watch_orphan(seat& at, worker_ptr who,
                                           std::shared_ptr<board::journal> journal);
    void keeper_lost(seat& at, const keeper_ptr& keeper);
    [[nodiscard]] worker_ptr take_twin(seat& at, pid_t pid);

    // What is written down, and what is made of it.
    void note(seat& at) noexcept;
    void note_generations() noexcept;
    void recover_generations(const board::ledger& book, claims& ours);
    [[nodiscard]] generation_ptr recover_one(const board::ledger_generation& words, claims& ours);
    [[nodiscard]] generation_ptr generation_of(std::uint32_t number) const;
    void note_wanted(unsigned wanted) noexcept;
    void note_said(std::optional<config::worker_count> said) noexcept;
    void prepare_group(seat& at);
    void put_in_group(seat& at, pid_t twin);
    void remove_idle_groups() noexcept;
    void go_by_current();
    [[nodiscard]] result<> recover_seat(const board::ledger_seat& words, claims& ours);
    void recover_keeper(seat& at, const board::ledger_seat& words, claims& ours);
    void recover_worker(seat& at, const board::ledger_seat& words, claims& ours);
    [[nodiscard]] result<worker_ptr> recover_program(seat& at, const board::ledger_seat& words,
                                                     unique_fd pidfd, claims& ours);
    [[nodiscard]] static board::ledger_program program_of(worker_handle& who);
    void go_on(seat& at, const board::ledger_seat& words);
    [[nodiscard]] result<worker_ptr> call(seat& at, birth_place where, worker_process whom);
    void said_hello_again(const worker_ptr& from, const ipc::hello& words);
    void take_up(const worker_ptr& from, const ipc::hello& words);
    [[nodiscard]] awaitable<> find_tenant(seat& at);
    [[nodiscard]] bool seeks(const seat& at) const noexcept;
    void call_stranger(seat& at, pid_t pid);
    [[nodiscard]] worker_ptr unreported_death(const seat& at) const;
    void miss(seat& at, const worker_handle& who);
    [[nodiscard]] awaitable<> close_old_channels();

    // What is done about it.
    void feed(seat& at, cause why);
    void tell(const seat& at, stage before, cause why) noexcept;
    void carry_out(seat& at, order what);
    /// Nothing if a keeper was asked for one: it is on its way.
    [[nodiscard]] result<worker_ptr> spawn(seat& at);
    /// A worker for an empty seat.
    [[nodiscard]] result<worker_ptr> fill(seat& at);
    [[nodiscard]] int held_binary(generation& of) const;
    [[nodiscard]] bool shares_with_older(const seat& its) const noexcept;
    [[nodiscard]] result<offer> offer_to(const seat& at);
    /// It says by its exit code that nobody shall follow it.
    [[nodiscard]] static bool stops_by(const exit_status& how, const seat& at);
    [[nodiscard]] std::string advice_on(const seat& at) const;
    void look_elsewhere(const worker_handle& who);
    void attend(const worker_ptr& who);
    void transcribe(const worker_ptr& who);
    [[nodiscard]] awaitable<> write_down(worker_ptr who, unique_fd from, bool errors);
    [[nodiscard]] awaitable<> end_family(worker_ptr who);
    [[nodiscard]] awaitable<> hear_program(worker_ptr who);
    [[nodiscard]] awaitable<> await_readiness(worker_ptr who);
    void heed(worker_handle& who, const process::notice& words);
    void learn(worker_handle& who, evidence what);
    void get_to_know(worker_handle& who);

    [[nodiscard]] result<newborn> give_birth_to(seat& at, birth_place where);
    [[nodiscard]] result<worker_ptr> spawn_plain(seat& at);
    [[nodiscard]] result<worker_ptr> spawn_kept(seat& at);
    [[nodiscard]] result<worker_ptr> start_pair(seat& at);
    [[nodiscard]] result<worker_ptr> first_worker(seat& at, birth_place where);
    [[nodiscard]] result<process::kept_pair> make_pair(seat& at);
    [[nodiscard]] result<> open_journal(seat& at);
    void use_journal(seat& at, board::journal made);
    [[nodiscard]] result<> add_seat();
    [[nodiscard]] result<> seat_in(seat& at, generation_ptr of);
    [[nodiscard]] result<> one_more();
    void try_again(seat& at, const fault& why);
    static void blame(seat& at, std::string words);
    [[nodiscard]] bool accepts(const seat& at) const;
    void order_keeper(seat& at, process::keeper_order what);
    [[nodiscard]] bool keeps(const seat& at) const noexcept;
    [[nodiscard]] std::uint32_t draw_id();
    void begin(const worker_ptr& who);
    void not_born(seat& at, const fault& why);
    void welcome(const seat& at, worker_handle& who, std::vector<unique_fd> cargo);
    // cppcheck-suppress returnTempReference ; it is a reference to what current_ holds
    [[nodiscard]] const config::settings& settings() const noexcept { return current_->settings(); }
    void introduce(const worker_ptr& who);
    [[nodiscard]] awaitable<> introduce_all(worker_ptr who);
    static void tell_readiness_off(worker_handle& who);
    void ask_to_drain(seat& at);
    void signal(seat& at, int number);
    void rest(seat& at);
    void lend_queues(std::uint32_t slot);
    void arm(seat& at, nanoseconds how_long);
    void disarm(seat& at) noexcept;

    [[nodiscard]] result<seat*> seat_for(std::optional<std::uint32_t> slot);
    [[nodiscard]] seat* seat_of(const worker_handle& who) noexcept;
    [[nodiscard]] worker_ptr find(std::uint32_t id) const;

    void loads(std::uint32_t endpoint, std::vector<net::load>& into) override;
    int give_end(std::uint32_t slot) override;
    int take_end(std::uint32_t slot) override;
    void inboxes(std::vector<inbox_state>& into) override;

    boost::asio::io_context& loop_;
    board::segment board_;
    const board::ledger* book_ = nullptr;
    generation_ptr own_;       // the first one: copies of this process
    generation_ptr current_;   // what new seats get
    generation_ptr previous_;  // what could be gone back to
    audience& audience_;
    chronicle* chronicle_ = nullptr;
    upkeep upkeep_;
    care care_ = care::plain;
    scope tasks_;
    wakeup changed_;
    std::vector<std::unique_ptr<seat>> seats_;  // by slot
    post_office::directory workers_;            // by id
    post_office post_;
    listeners listeners_;
    dealer dealer_;
    std::optional<salvage> salvage_;
    pulse pulse_;
    boost::asio::steady_timer pulse_timer_;
    std::map<std::uint32_t, nanoseconds> pauses_;  // until a resting slot is filled again
    std::map<std::uint32_t, exit_status> ends_;
    std::deque<std::uint32_t> ends_order_;
    std::set<std::uint32_t> forced_;
    /// What exec'ed programs write, where each slot has a file of its own.
    std::map<std::uint32_t, std::shared_ptr<log::outlet>> outlets_;
    std::uint32_t log_turn_ = 1;
    unsigned late_listens_ = 0;  // that wait for descriptors
    unsigned wanted_ = 0;
    std::optional<config::worker_count> said_;  // of the number, by somebody
    memory_bounds bounds_;
    std::uint32_t last_id_ = 0;
    std::uint64_t visits_ = 0;
    bool retiring_ = false;
    bool killing_ = false;  // never reset: a successor that was faster is ended, too
    bool final_ = false;    // never reset: nobody is started any more, whoever asks
    bool unready_ = false;  // never reset, either
    nanoseconds drain_budget_;
    wakeup seats_or_workers_;  // there is another seat, or a worker less to tell of it
    coroner coroner_;
};

}  // namespace cohort::primary
