#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/answers.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/pairing.hpp>
#include <cohort/primary/shortage.hpp>
#include <cohort/process/origin.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds drain_slack = 500ms;  // on top of the worker's own deadline
constexpr nanoseconds abort_patience = 2s;  // a core dump takes its time
constexpr nanoseconds kill_patience = 5s;   // then once more: it may have been in the kernel

}  // namespace

supervisor::supervisor(boost::asio::io_context& loop, net::poller& poller, board::segment board,
                       const config::settings& settings, upkeep who, audience& to)
    : loop_{loop},
      board_{std::move(board)},
      own_{std::make_shared<generation>(settings)},
      current_{own_},
      audience_{to},
      upkeep_{who},
      tasks_{loop.get_executor()},
      changed_{loop.get_executor()},
      post_{workers_, tasks_, to},
      listeners_{settings.balance},
      dealer_{loop.get_executor(), poller, settings.balance, settings.limit.connections, *this},
      pulse_{settings.health.heartbeat},
      pulse_timer_{loop},
      drain_budget_{settings.stop.timeout},
      seats_or_workers_{loop.get_executor()},
      coroner_{loop.get_executor(), board_}
{
    if (settings.health.heartbeat > 0ms)
        feel_pulse();
}

supervisor::~supervisor() = default;

result<> supervisor::start(unsigned wanted)
{
    note_wanted(wanted);
    // Whose worker left on purpose, has one as far as the number is concerned.
    const auto counts = [](const auto& s) { return !s->vacant() || s->stopped; };
    while (std::ranges::count_if(seats_, counts) < wanted) {
        COHORT_TRY(seat * at, seat_for(std::nullopt));
        at->replaced_when_dead = true;
        at->plan = {};
        at->of = current_;
        COHORT_TRY(fill(*at));
    }
    return {};
}

result<worker_info> supervisor::add(request what)
{
    if (retiring_)
        return failed(errc::stopping, "start worker");
    COHORT_TRY(seat * at, seat_for(what.slot));
    at->replaced_when_dead = upkeep_ == upkeep::automatic;
    at->plan = std::move(what.plan);
    at->of = current_;
    COHORT_TRY(const worker_ptr born, fill(*at));
    return born->info();
}

result<worker_ptr> supervisor::fill(seat& at)
{
    if (!at.of)
        at.of = current_;
    at.life.emplace();
    at.extra = at.ill = at.stopped = false;
    auto born = spawn(at);
    if (!born)
        at.life.reset();
    note(at);
    return born;
}

result<seat*> supervisor::seat_for(std::optional<std::uint32_t> slot)
{
    if (slot && *slot >= board_.slots())
        return failed(errc::bad_value, "start worker in slot", std::to_string(*slot));
    if (!slot) {
        const auto at = std::ranges::find_if(seats_, [](const auto& s) { return s->free(); });
        slot = static_cast<std::uint32_t>(at - seats_.begin());
    }
    if (*slot >= board_.slots())
        return failed(errc::queue_full, "start worker", "every slot is taken");
    while (seats_.size() <= *slot) {
        COHORT_TRY(add_seat());
    }
    seat& at = *seats_[*slot];
    if (!at.free())
        return failed(errc::bad_value, "start worker", "the slot is taken");
    return &at;
}

result<> supervisor::add_seat()
{
    seat::furniture has;
    COHORT_TRY(has.inbox, net::make_inbox());
    COHORT_TRY(has.hotline, net::make_inbox());
    const auto number = static_cast<std::uint32_t>(seats_.size());
    seats_.push_back(std::make_unique<seat>(loop_.get_executor(), number, std::move(has),
                                            limits_of(settings().restart)));
    note(*seats_.back());
    seats_or_workers_.notify_all();
    return {};
}

/// A later generation of our own program is not what we are a copy of: its workers are started as
/// programs that have Cohort inside.
result<newborn> supervisor::give_birth_to(seat& at, birth_place where)
{
    generation& of = *at.of;
    at.inherits = false;
    if (!of.settings().exec.empty() || at.plan.exec) {
        const int held = at.plan.exec ? -1 : held_binary(of);
        COHORT_TRY(const offer what, offer_to(at));
        at.inherits = !what.sockets.empty();
        return give_birth(of.settings(), at.plan, where, audience_, what, held);
    }
    if (of.is_own())
        return give_birth(of.settings(), at.plan, where, audience_);
    const int binary = of.binary.valid() ? of.binary.borrow() : -1;
    birth_plan plan = at.plan;
    COHORT_TRY(process::origin start, process::own_origin());
    plan.exec = std::move(start.path);
    plan.args.emplace(start.args.begin() + 1, start.args.end());
    return give_birth(of.settings(), plan, where, audience_, {}, binary);
}

result<worker_ptr> supervisor::spawn_plain(seat& at)
{
    prepare_group(at);
    at.started_from = at.of->start_files();
    const birth_place where{.id = draw_id(), .slot = at.slot, .group = at.group};
    // First of all: without them it could not even be told who it is.
    std::vector<unique_fd> cargo(2);
    COHORT_TRY(cargo[0], duplicate(board_.fd()));
    COHORT_TRY(cargo[1], duplicate(at.inbox.take));
    COHORT_TRY(auto born, give_birth_to(at, where));
    const pid_t pid = born.process.pid();
    COHORT_TRY(worker_ptr who, worker_handle::make(loop_.get_executor(), where, std::move(born)));

    // The row is the newcomer's before it can write into it: it learns of the board afterwards.
    board::clear(board_.answers(at.slot));
    board::move_in(board_.row(at.slot),
                   {.tenant = board::tenant_of(board_.generation(), pid), .worker_id = where.id});
    at.tenant = who;
    workers_.emplace(where.id, who);
    begin(who);
    welcome(at, *who, std::move(cargo));
    introduce(who);
    arm(at, at.of->settings().ready.timeout);
    tasks_.spawn(watch(who));
    attend(who);
    const worker_info seen = who->info();
    boost::asio::post(loop_, [this, seen, who] {
        audience_.forked(seen);
        transcribe(who);
    });
    return who;
}

void supervisor::begin(const worker_ptr& who)
{
    // Not the handle itself: it would own itself through its channel.
    const std::weak_ptr<worker_handle> us = who;
    who->start(
        [this, us](ipc::envelope&& what) noexcept {
            if (const worker_ptr from = us.lock())
                arrived(from, std::move(what));
        },
        [this, us](std::optional<fault> why) noexcept {
            if (const worker_ptr from = us.lock())
                hung_up(from, std::move(why));
        });
}

std::uint32_t supervisor::draw_id() { return last_id_ = board_.ids().draw(); }

void supervisor::welcome(const seat& at, worker_handle& who, std::vector<unique_fd> cargo)
{
    const birth_place where{.id = who.id(), .slot = who.slot()};
    const ipc::welcome words = terms_for(at.of->settings(), where);
    auto letter = ipc::letter(ipc::kind::welcome, ipc::encode(words));
    letter.cargo = std::move(cargo);
    static_cast<void>(who.channel().try_send(letter));
}

void supervisor::feed(seat& at, cause why)
{
    if (!at.life)
        return;
    const stage before = at.life->now();
    const auto what = at.life->on(why);
    // Nothing new: the deadline that is set stands, however often this is said.
    if (!what || (*what == order::none && at.life->now() == before))
        return;
    carry_out(at, *what);
    note(at);
    tell(at, before, why);
}

void supervisor::carry_out(seat& at, order what)
{
    switch (what) {
        case order::none:
            if (at.life->now() == stage::serving) {
                disarm(at);
                at.ill = false;
            } else if (at.life->now() == stage::replacing)
                arm(at, drain_budget_ + drain_slack);
            break;
        case order::await:
            arm(at, at.of->settings().ready.timeout);
            break;
        case order::ask_to_drain:
            ask_to_drain(at);
            arm(at, drain_budget_ + drain_slack);
            break;
        case order::abort:
            signal(at, SIGABRT);
            signal(at, SIGCONT);  // a stopped one dies of it when it goes on
            arm(at, abort_patience);
            break;
        case order::kill:
            if (const stage now = at.life->now();
                now == stage::leaving || now == stage::withdrawing)
            {
                if (at.tenant && at.tenant->leaving() && retiring_)
                    forced_.insert(at.tenant->id());
                if (at.tenant)
                    at.tenant->condemn({death_cause::stop_timeout, "it did not leave in time"});
                order_keeper(at, process::keeper_order::hold);
            }
            signal(at, SIGKILL);
            arm(at, kill_patience);
            break;
        case order::rest:
            rest(at);
            break;
        case order::spawn:
            if (const auto born = spawn(at); !born)
                not_born(at, born.error());
            break;
        case order::park:
            disarm(at);
            lend_queues(at.slot);
            // Clients of its last worker shall not suffer from it: others serve them on.
            order_keeper(at, process::keeper_order::bequeath);
            log::error("slot {} is given up: its workers keep dying; the others go on{}", at.slot,
                       advice_on(at));
            break;
        case order::hold:
        case order::forget:
            disarm(at);
            lend_queues(at.slot);
            order_keeper(at, process::keeper_order::hold);
            break;
    }
    changed_.notify_all();
}

void supervisor::not_born(seat& at, const fault& why)
{
    worker_info nobody;
    nobody.id = last_id_;
    nobody.slot = at.slot;
    log::error("cannot start a worker for slot {}: {}", at.slot, why.text());
    audience_.failed(nobody, why);
    if (is_shortage(why.why())) {
        // Nobody died of it: however long it lasts, the slot is filled when it is over.
        pauses_[at.slot] = at.shortage.next();
        feed(at, cause::died);
        return;
    }
    blame(at, why.text());
    const auto v = at.crashes.on_death({now(), 0ns, killer::itself});
    pauses_[at.slot] = v.pause;
    feed(at, v.what == verdict::deed::park ? cause::died_too_often : cause::died);
}

void supervisor::rest(seat& at)
{
    const nanoseconds pause = std::exchange(pauses_[at.slot], 0ns);
    if (pause <= 0ns) {
        feed(at, cause::deadline);
        return;
    }
    lend_queues(at.slot);
    log::warn("slot {} rests for {} ms before its next worker", at.slot,
              std::chrono::duration_cast<milliseconds>(pause).count());
    arm(at, pause);
}

void supervisor::lend_queues(std::uint32_t slot)
{
    // A program's connections can only go to a program that has its sockets: they wait for the
    // next.
    if (seats_[slot]->inherits)
        return;
    // With a kernel queue for each slot, somebody must look after the one of an empty seat.
    for (const auto& [number, each] : listeners_.all()) {
        if (const auto queue = each->by_slot.find(slot); queue != each->by_slot.end())
            dealer_.add(number, queue->second.borrow());
    }
}

void supervisor::arm(seat& at, nanoseconds how_long)
{
    const auto turn = ++at.timer_turn;
    at.deadline = now() + how_long;
    at.timer.expires_after(how_long);
    at.timer.async_wait([this, &at, turn](const error_code& ec) {
        if (ec || turn != at.timer_turn)
            return;
        if (at.life && at.life->now() == stage::booting) {
            log::error("the worker of slot {} did not get ready in time", at.slot);
            blame(at, "it did not get ready in time");
            if (at.tenant) {  // its end will be our doing: nobody else knows why
                at.tenant->said_farewell({.code = 0, .reason = "it did not get ready in time"});
                at.tenant->condemn({death_cause::start_timeout, "it did not get ready in time"});
            }
        }
        feed(at, cause::deadline);
    });
}

void supervisor::disarm(seat& at) noexcept
{
    ++at.timer_turn;
    at.deadline.reset();
    at.timer.cancel();
}

void supervisor::ask_to_drain(seat& at)
{
    if (!at.tenant)
        return;
    worker_handle& who = *at.tenant;
    who.leaves();
    ipc::drain_order words;
    words.budget = drain_budget_;
    words.last = retiring_;
    auto letter = ipc::letter(ipc::kind::drain, ipc::encode(words));
    const bool speaks = !who.is_stranger() && (who.forked_without_exec() || who.online_since());
    const bool backed_up = who.channel().queued_bytes() > 0;
    // A program that may not be listening to us yet, or not reading: TERM says the same.
    if (!who.channel().try_send(letter) || !speaks || (backed_up && who.online_since()))
        signal(at, SIGTERM);
}

void supervisor::signal(seat& at, int number)
{
    if (at.keeper && number == SIGKILL) {
        for (const worker_ptr& each : at.keeper->unnamed)
            static_cast<void>(each->process().signal(number));
        // Whoever lost the seat by a crash may dump its core for minutes.
        for (const auto& [id, each] : workers_) {
            if (killing_ && each->slot() == at.slot && each != at.tenant && !each->dead())
                static_cast<void>(each->process().signal(number));
        }
    }
    if (!at.tenant || at.tenant->dead())
        return;
    if (const auto sent = at.tenant->process().signal(number); !sent)
        audience_.failed(at.tenant->info(), sent.error());
    process::child* const own = at.tenant->process().own();
    if (number == SIGKILL && own != nullptr)
        static_cast<void>(own->signal_group(SIGKILL));  // and what it has started
}

}  // namespace cohort::primary
