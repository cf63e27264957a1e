#include <cohort/worker/core.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/board/last_error.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/thrown.hpp>
#include <cohort/process/last_words.hpp>
#include <cohort/process/process_name.hpp>
#include <cohort/process/stacks.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <malloc.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <typeinfo>
#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds boot_patience = 30s;  // for the primary's welcome
constexpr int exit_failed = 1;
constexpr int heap_kept_bytes = 16 << 20;

/// On a lane: its stack can be seen, and a crash there is noted.
void take_precautions(unsigned lane) noexcept
{
    process::stacks::attend(lane);
    if (const auto done = process::last_words::install_on_this_thread(lane); !done)
        log::warn("no last words in lane {}: {}; going on", lane, done.error().text());
}

/// What we do is written where it outlives us.
void begin_recording(const hall& doors, const ipc::welcome& terms) noexcept
{
    const auto errors = board::error_book::open(doors.commons());
    const auto noting =
        errors ? errors->begin(terms.slot, terms.id) : result<>{std::unexpected(errors.error())};
    if (!noting)
        log::warn("the dashboard will not know this worker's last error: {}; going on",
                  noting.error().text());
    const auto recorder = board::flight_recorder::open(doors.commons());
    const board::flight_owner us{
        .slot = terms.slot, .worker = terms.id, .process = static_cast<std::uint32_t>(::getpid())};
    const auto page = recorder ? recorder->page_for(us) : std::unexpected(recorder.error());
    if (!page) {
        log::warn("nobody will know what this worker did last: {}; going on", page.error().text());
        return;
    }
    board::flight::record_on(*page);
    board::flight::note({.kind = board::flight_kind::stage, .text = "begins"});
}

void record(const process::caught_signal& what) noexcept
{
    std::array<char, process::process_name_max> name{};
    const std::size_t bytes = process::name_of_process(what.from, name);
    board::flight::note({.kind = board::flight_kind::signal,
                         .number = static_cast<std::uint16_t>(what.number),
                         .subject = static_cast<std::uint32_t>(what.from),
                         .text = {name.data(), bytes}});
}

}  // namespace

result<std::unique_ptr<core>> core::open(unique_fd channel)
{
    // The loop must exist before the channel does, and both live in the core.
    auto made = std::unique_ptr<core>(new core);
    COHORT_TRY(auto over, ipc::channel::open(made->loop_.get_executor(), std::move(channel)));
    COHORT_TRY(made->poller_.start());
    link::guide& us = *made;
    made->link_ =
        std::make_unique<link>(made->loop_.get_executor(), std::move(over), made->own_, us);
    made->hall_ = std::make_unique<hall>(made->loop_.get_executor(), made->poller_, *made->link_,
                                         made->changed_);
    return made;
}

int core::run(main_function main)
{
    // glibc gives the top of the heap back after each burst and faults it in again with the next:
    // that is half of the cost of large messages and bodies.
    ::mallopt(M_TRIM_THRESHOLD, heap_kept_bytes);
    main_ = std::move(main);
    // Before the hello: whoever hears that we are online may send a signal at once.
    const std::vector<int> numbers{SIGTERM, SIGINT,  SIGQUIT, SIGHUP,  SIGUSR1,
                                   SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH};
    auto caught = process::signals::catch_these(loop_.get_executor(), numbers);
    if (caught)
        own_.spawn(hear_signals(*std::move(caught)));
    else
        log::warn("cannot listen to signals: {}; going on without", caught.error().text());
    own_.spawn(wait_until_done());
    if (heritage_) {
        begin_kept();
        link_->start();
    } else {
        link_->start();
        arm_deadline(boot_patience);
    }
    while (drain_.now() != phase::leaving)
        turn();
    last_words();
    return code_;
}

/// Runs the loop until the worker leaves, or until something of the program's escapes into it.
void core::turn()
{
    try {
        loop_.restart();
        loop_.run();
    } catch (const std::exception& thrown) {
        escaped(thrown.what());
    }
}

void core::welcomed(ipc::welcome terms, std::vector<unique_fd> cargo) noexcept
{
    if (std::exchange(welcomed_, true)) {
        log::warn("the primary said welcome twice; ignored");
        return;
    }
    terms_ = std::move(terms);
    log::set_worker(terms_.id);
    if (const auto level = log::parse_level(terms_.log_level))
        log::set_level(*level);
    if (auto moved = hall_->open(terms_, std::move(cargo)); !moved) {
        fail(moved.error().text());
        return;
    }
    heeded_ = heeded_level{hall_->commons(), terms_.slot, log::least_level()};
    heeded_.look();
    begin_recording(*hall_, terms_);
    deadline_.cancel();
    board::slot& row = hall_->row();
    board::set(row.lanes, terms_.lanes);
    board::set(row.stage, static_cast<std::uint32_t>(board::stage::serving));
    lanes& pool = lanes::of(loop_);
    pool.configure(std::clamp(terms_.lanes, 1U, 256U), lanes::queue_default);
    pool.mirror(row.lanes_busy);
    pool.on_thread(&take_precautions);
    beat_ = std::make_unique<beat>(loop_.get_executor(), row, std::max(terms_.beat, 10'000'000ns),
                                   [this]() noexcept {
                                       hall_->refresh();
                                       heeded_.look();
                                       process::stacks::note_memory();
                                       log::flush();
                                       changed_.notify_all();
                                   });
    main_running_ = kept_;
    if (kept_)
        own_.spawn(begin_when_said());
    else
        begin_main();
}

void core::begin_main()
{
    // (A successor has connections to look after, whoever wants it to leave.)
    if (!kept_ && drain_.now() != phase::running && nothing_left()) {
        changed_.notify_all();
        return;  // told to leave before we had begun
    }
    main_running_ = true;
    try {
        auto life = main_();
        asio::co_spawn(loop_, std::move(life),
                       asio::bind_cancellation_slot(end_main_.slot(),
                                                    [this](std::exception_ptr thrown, int code) {
                                                        main_ended(thrown, code);
                                                    }));
    } catch (const std::exception&) {
        main_ended(std::current_exception(), exit_failed);  // main was no coroutine, and threw
    }
}

void core::main_ended(std::exception_ptr thrown, int code)
{
    main_running_ = false;
    changed_.notify_all();
    if (!thrown) {
        code_ = code;
        return;
    }
    try {
        std::rethrow_exception(thrown);
    } catch (const failure& known) {
        // How a main that only accepts learns that the worker leaves: that is its peaceful end.
        const bool peaceful =
            drain_.now() != phase::running &&
            (known.why().why() == errc::stopping || known.why().why() == errc::cancelled);
        if (!peaceful)
            escaped(known.what());
    } catch (const boost::system::system_error& known) {
        const bool peaceful = main_told_ && known.code() == asio::error::operation_aborted;
        if (!peaceful)
            escaped(known.what());
    } catch (const std::exception& unknown) {
        escaped(unknown.what());
    }
}

void core::met(const ipc::neighbours& who, std::vector<unique_fd> cargo) noexcept
{
    hall_->meet(who, std::move(cargo));
}

void core::told_to_drain(const ipc::drain_order& order) noexcept
{
    budget_ = order.budget;
    last_one_ = order.last;
    told_ = true;
    hall_->expect_nobody();
    nudge_by(nudge::told);
}

void core::told_to_share(const ipc::share_order& order) noexcept
{
    // Who leaves hands over everything anyway.
    if (drain_.now() == phase::running)
        hall_->share(order);
}

void core::lost_primary(std::string_view why) noexcept
{
    if (drain_.now() != phase::leaving)
        log::warn("{}; finishing what is there and leaving", why);
    last_one_ = true;
    tell(on_disconnect_);
    nudge_by(nudge::primary_lost);
}

void core::tell(listeners& who) noexcept
{
    try {
        for (std::size_t i = 0; i < who.size(); ++i)
            who[i]();
    } catch (const std::exception& thrown) {
        escaped(thrown.what());
    }
}

void core::escaped(std::string_view what) noexcept
{
    const std::exception_ptr thrown = std::current_exception();
    if (drain_.now() != phase::leaving && thrown)
        process::stacks::note_escaped(thrown.__cxa_exception_type()->name(),
                                      std::string{what}.c_str(), log::calls_of(thrown));
    fail("exception escaped: " + std::string{what}, thrown);
}

void core::fail(std::string reason, const std::exception_ptr& thrown) noexcept
{
    if (drain_.now() == phase::leaving)
        return;
    if (thrown)
        log::error({{"err", thrown}}, "{}", reason);
    else
        log::error("{}", reason);
    reason_ = std::move(reason);
    quit(exit_failed);
}

void core::quit(int code)
{
    if (drain_.now() == phase::leaving)
        return;
    hall_->shut();
    // Without a complaint it is on purpose, and the primary hears so (exited_after_disconnect).
    if (reason_.empty())
        link_->post(ipc::letter(ipc::kind::leaving));
    code_ = code;
    nudge_by(nudge::quit);
}

void core::hang_up()
{
    link_->close();
    quit(0);
}

void core::spawn(awaitable<> work) { programs_.spawn(std::move(work)); }

awaitable<> core::until_stopping()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (drain_.now() == phase::running && !stopped(stop))
        co_await stopping_.wait();
}

void core::nudge_by(nudge why)
{
    switch (drain_.on(why)) {
        case deed::none:
            break;
        case deed::begin_drain:
            begin_drain();
            break;
        case deed::leave_unfinished:
            log::warn("not finished in time; leaving all the same");
            loop_.stop();
            break;
        case deed::leave:
            loop_.stop();
            break;
    }
}

void core::arm_deadline(nanoseconds budget)
{
    deadline_.expires_after(budget);
    deadline_.async_wait([this](const error_code& ec) {
        if (ec)
            return;
        if (!welcomed_)
            fail("the primary sent no welcome");
        else
            nudge_by(nudge::deadline);
    });
}

awaitable<> core::hear_signals(process::signals caught)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        auto next = co_await caught.next();
        if (!next)
            co_return;
        record(*next);
        // A terminal sends INT and QUIT to everybody; the primary will tell us what to do.
        const bool from_terminal = next->from == 0;
        const bool to_leave =
            next->number == SIGTERM ||
            ((next->number == SIGINT || next->number == SIGQUIT) && !from_terminal);
        if (to_leave)
            nudge_by(nudge::own_will);
    }
}

}  // namespace cohort::work
