// What a supervisor does for workers that are programs which need not know us: what they get, how
// they are heard, and when they count as ready.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/random.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/http_inquiry.hpp>
#include <cohort/primary/offer.hpp>
#include <cohort/primary/stranger.hpp>
#include <cohort/process/listening.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

/// Who has lived for so long has survived its start, mostly.
constexpr nanoseconds settling_time = 1s;
constexpr nanoseconds look_again = 50ms;
constexpr nanoseconds ask_again = 200ms;
constexpr nanoseconds answer_patience = 5s;
/// When it is looked at again whether who is taken to serve listens elsewhere.
constexpr std::array<nanoseconds, 3> look_elsewhere_after{0s, 2s, 8s};
/// The most that a program can ask for at a time (EXTEND_TIMEOUT_USEC).
constexpr nanoseconds extension_max = 1h;

/// Where its programs are to be asked, or looked for. With port 0 that is anywhere.
struct first_place {
    std::optional<net::endpoint> at;
    process::listening_place where;
};

first_place place_in(const std::vector<std::string>& listen)
{
    first_place found;
    for (const std::string& each : listen) {
        const auto where = net::endpoint::parse(each);
        if (!where || where->kind() == net::endpoint::family::udp ||
            where->kind() == net::endpoint::family::descriptor)
            continue;
        found.at = *where;
        if (where->kind() == net::endpoint::family::tcp && where->port() != 0)
            found.where.port = where->port();
        if (where->kind() == net::endpoint::family::unix_path)
            found.where.unix_path = where->path();
        if (where->kind() == net::endpoint::family::unix_abstract)
            found.where.unix_path = "@" + where->path();
        break;
    }
    return found;
}

/// Several workers accept on one socket: only this one's answer counts. (Who has the other end of a
/// Unix connection, the kernel does not show.)
awaitable<result<int>> ask_itself(net::endpoint where, std::string path, pid_t pid)
{
    result<int> status;
    if (where.kind() != net::endpoint::family::tcp) {
        auto question = ask_over_http(std::move(where), std::move(path), answer_patience);
        status = co_await std::move(question);
        co_return status;
    }
    hearing is_heard = [pid, port = where.port()](std::uint16_t ours) -> std::optional<bool> {
        const auto by = process::who_accepted(pid, {.here = port, .there = ours});
        if (by == process::accepted_by::nobody)
            return std::nullopt;
        return by == process::accepted_by::family;
    };
    auto question =
        ask_one_over_http(std::move(where), std::move(path), std::move(is_heard), answer_patience);
    status = co_await std::move(question);
    co_return status;
}

std::string address_for_notices(std::uint32_t slot)
{
    // Two cohorts of one machine must not meet there. Who writes there is known by the kernel.
    auto dice = random_source::from_kernel();
    return fmt::format("@cohort/{}/{}/{:016x}", ::getpid(), slot, dice.next());
}

/// The address is open to every process of the machine: the log must not be theirs to fill.
void complain(worker_handle& about, std::string_view what)
{
    const std::uint64_t times = ++about.unknown()->nonsense;
    if (std::has_single_bit(times))
        log::warn("notice for worker {} ignored: {} (number {}; number {} is told next)",
                  about.id(), what, times, times * 2);
}

}  // namespace

bool supervisor::shares_with_older(const seat& its) const noexcept
{
    return std::ranges::any_of(seats_, [&](const auto& each) {
        return each->tenant && !each->tenant->dead() && each->of != its.of;
    });
}

int supervisor::held_binary(generation& of) const
{
    const config::settings& s = of.settings();
    if (of.held_for != s.exec) {
        // Whoever executes it will say what is wrong.
        of.hold(hold_program(s.exec, s.cwd).value_or(program_file{}));
        // After another primary the files may be others than those that it began with.
        if (!salvage_)
            of.mark_files();
    }
    return of.binary.valid() ? of.binary.borrow() : -1;
}

result<offer> supervisor::offer_to(const seat& at)
{
    const config::settings& s = at.of->settings();
    offer what;
    what.generation = at.of->number();
    build made = at.of->made;
    if (at.plan.exec) {
        const auto held = hold_program(*at.plan.exec, s.cwd);
        made = held ? held->made : build::unknown;
    }
    const auto speaks = spoken_by(s, made);
    if (speaks == config::protocol::cohort || speaks == config::protocol::node)
        return what;
    what.channel = speaks == config::protocol::automatic;
    if (speaks == config::protocol::none) {
        what.port = first_port(s.listen);
    } else {
        for (const std::string& each : s.listen) {
            ipc::listen_request wanted;
            wanted.where = each;
            wanted.backlog = static_cast<std::int32_t>(s.backlog);
            COHORT_TRY(const int socket, listeners_.inherited(wanted));
            what.sockets.push_back(socket);
            what.names.push_back(name_for(each));
        }
    }
    const readiness signs{s.ready.on.what, speaks, s.listen.size()};
    what.to = std::make_shared<stranger>(loop_.get_executor(), signs);
    what.to->has_sockets = !what.sockets.empty();
    if (speaks != config::protocol::none) {
        COHORT_TRY(auto ear, process::notify_socket::open(loop_.get_executor(),
                                                          address_for_notices(at.slot)));
        what.notify_address = ear.address();
        what.to->ear.emplace(std::move(ear));
        what.heartbeat = s.health.heartbeat;
    }
    return what;
}

bool supervisor::stops_by(const exit_status& how, const seat& at)
{
    const auto code = how.code();
    // Whoever was asked to leave is not replaced anyway.
    if (!code || !at.of || !at.replaced_when_dead || !at.life ||
        at.life->now() == stage::draining || at.life->now() == stage::leaving)
        return false;
    const auto& codes = at.of->settings().restart.stop_codes;
    if (std::ranges::find(codes, static_cast<unsigned>(*code)) == codes.end())
        return false;
    log::info("slot {} stays empty: its worker ended on purpose (exit code {})", at.slot, *code);
    return true;
}

/// Most programs that end at once where another one would serve did not find their port free.
std::string supervisor::advice_on(const seat& at) const
{
    if (!at.of || at.of->settings().exec.empty() || at.of->settings().listen.empty())
        return {};
    const auto speaks = spoken_by(at.of->settings(), at.of->made);
    if (speaks == config::protocol::automatic && !at.of->served)
        return "; it is given the sockets of `listen` (LISTEN_FDS): a program that opens its port "
               "itself needs speaks = \"none\" (--speaks none), and finds it in PORT";
    if (speaks == config::protocol::none && wanted_ > 1)
        return "; with speaks = \"none\" several workers open the same port: without SO_REUSEPORT "
               "only one can (--workers 1)";
    return {};
}

/// It lives, and may have overlooked its sockets: who connects there would wait for ever.
void supervisor::look_elsewhere(const worker_handle& who)
{
    const generation_ptr of = seats_[who.slot()]->of;
    if (!of || of->warned || !who.unknown()->has_sockets)
        return;
    std::vector<std::uint16_t> known;
    for (const auto& [number, each] : listeners_.all()) {
        if (each->real.kind() == net::endpoint::family::tcp)
            known.push_back(each->real.port());
    }
    const auto port = process::family_listens_elsewhere(who.info().pid, known);
    if (!port)
        return;
    of->warned = true;
    log::warn("worker {} listens on port {} by itself: if it does not accept on the sockets that "
              "it was given (LISTEN_FDS), it needs speaks = \"none\" (--speaks none), and finds "
              "its port in PORT; going on",
              who.id(), *port);
}

void supervisor::attend(const worker_ptr& who)
{
    if (who->unknown() == nullptr)
        return;
    if (who->unknown()->ear)
        tasks_.spawn(hear_program(who));
    tasks_.spawn(await_readiness(who));
}

awaitable<> supervisor::hear_program(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const std::shared_ptr<stranger> to = who->unknown();
    to->ear->hear_only(to->user);
    // Deadline: none, it may speak for as long as it lives.
    while (!stopped(stop) && !to->over) {
        auto race = to->ear->next() || to->changed.wait();
        auto first = co_await std::move(race);
        if (first.index() == 1)
            continue;
        auto& heard = std::get<0>(first);
        if (!heard) {
            if (heard.error().why() == errc::cancelled)
                break;
            complain(*who, heard.error().text());
            continue;
        }
        heed(*who, heard->words);
    }
}

void supervisor::heed(worker_handle& who, const process::notice& words)
{
    stranger& of = *who.unknown();
    seat* const at = seat_of(who);
    if (at == nullptr || of.over)
        return;
    if (!words.oddity.empty())
        complain(who, fmt::format("it said \"{}\"", words.oddity));
    if (words.status && *words.status != of.status) {
        of.status = *words.status;
        log::debug("worker {}: {}", who.id(), of.status);
    }
    if (words.main_pid && *words.main_pid != who.info().pid)
        complain(who, fmt::format("it names {} as its main process, and we watch the one that we "
                                  "started, {}",
                                  *words.main_pid, who.info().pid));
    if (words.watchdog_alive) {
        of.pinged = true;
        board_.row(at->slot).beat_ns.store(
            static_cast<std::uint64_t>(now().time_since_epoch().count()),
            std::memory_order_release);
    }
    if (words.extension && at->deadline) {
        const nanoseconds wanted = std::min<nanoseconds>(*words.extension, extension_max);
        if (now() + wanted > *at->deadline)
            arm(*at, wanted);
    }
    if (words.reloading)
        log::info("worker {} reloads itself", who.id());
    if (words.ready)
        learn(who, evidence::ready);
    else
        learn(who, evidence::notice);
    if (words.stopping) {
        who.leaves();
        feed(*at, cause::leave_announced);
        note(*at);
    }
    if (words.watchdog_trigger) {
        log::error("worker {} says that it has failed; it is ended", who.id());
        feed(*at, cause::deadline);
    }
    changed_.notify_all();
}

void supervisor::learn(worker_handle& who, evidence what)
{
    stranger& of = *who.unknown();
    const bool ready = of.signs.on(what);
    of.changed.notify_all();
    if (!ready || of.over)
        return;
    // From here on what it lives counts as service. A slow start may look like a moment of life.
    if (seats_[who.slot()]->of && what != evidence::settled)
        seats_[who.slot()]->of->served = true;
    who.came_online();
    who.listens();
    if (seat* const at = seat_of(who)) {
        at->shortage.reset();
        feed(*at, cause::ready);
        note(*at);
    }
    log::info("worker {} (pid {}) is ready", who.id(), who.info().pid);
    audience_.online(who.info());
    changed_.notify_all();
}

void supervisor::get_to_know(worker_handle& who)
{
    who.unknown()->knows_us = true;
    if (seat* const at = seat_of(who))
        at->inherits = false;
    static_cast<void>(who.unknown()->signs.on(evidence::hello));
    who.unknown()->changed.notify_all();
    if (const worker_ptr known = find(who.id()))
        introduce(known);
}

awaitable<> supervisor::await_readiness(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const std::shared_ptr<stranger> to = who->unknown();
    const config::settings& s = seats_[who->slot()]->of->settings();
    const first_place place = place_in(s.listen);
    const std::string path = s.ready.on.path;
    // Workers that accept on one socket would be asked in step, each in the place of another.
    auto dice = random_source::from_kernel();
    bool guessed = false;
    // Deadline: the boot deadline of its slot, which ends the worker.
    while (!stopped(stop) && !to->over && !to->signs.ready()) {
        switch (to->signs.next()) {
            case inquiry::none:
                co_await to->changed.wait();
                break;
            case inquiry::time: {
                auto race = sleep_for(settling_time) || to->changed.wait();
                const auto first = co_await std::move(race);
                if (first.index() == 0 && !stopped(stop) && !to->over) {
                    guessed = true;
                    learn(*who, evidence::settled);
                }
                break;
            }
            case inquiry::listening:
                if (process::family_listens(who->info().pid, place.where))
                    learn(*who, evidence::listens);
                else
                    co_await sleep_for(look_again);
                break;
            case inquiry::http: {
                if (!place.at)
                    co_return;  // nowhere to ask: it runs into the deadline, which says so
                // An older one would answer in its place, and nothing would show that.
                const seat& its = *seats_[who->slot()];
                if (place.at->kind() != net::endpoint::family::tcp && shares_with_older(its)) {
                    co_await sleep_for(ask_again);
                    break;
                }
                auto question = ask_itself(*place.at, path, who->info().pid);
                const auto status = co_await std::move(question);
                if (to->over || stopped(stop))
                    break;
                if (status && *status >= 200 && *status < 400)
                    learn(*who, evidence::answers);
                else
                    co_await sleep_for(ask_again * (1 + dice.next() % 4) / 2);
                break;
            }
        }
    }
    // A program may be slow to open what it listens on.
    for (const nanoseconds pause : look_elsewhere_after) {
        if (guessed)
            co_await sleep_for(pause);
        if (!guessed || to->over || stopped(stop))
            co_return;
        look_elsewhere(*who);
    }
}

}  // namespace cohort::primary
