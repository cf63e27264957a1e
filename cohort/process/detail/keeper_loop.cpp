#include <cohort/process/detail/keeper_loop.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/board/reaping.hpp>
#include <cohort/process/last_words.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace cohort::process::detail {

namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t second = 1'000 * millisecond;

/// How often a keeper looks where nobody rings: a worker that sets `ready` by hand, a line without
/// memory, a pidfd that somebody closed.
constexpr int glance_ms = 50;

}  // namespace

keeper_loop::keeper_loop(twin_inheritance& twins, const twin_maker& maker) noexcept
    : twins_{twins}, maker_{maker}, journal_{twins.how.journal->header()}
{}

void keeper_loop::run() noexcept
{
    for (;;) {
        look_at_journal();
        reap();
        plan();
        tell();
        enforce_the_end();
        if (over() && alone() && last_tries_ == 0 && (line_over_ || post_.empty()))
            ::_exit(0);
        sleep();
        listen();
    }
}

void keeper_loop::pause::grow(std::uint64_t first_ns, std::uint64_t longest_ns) noexcept
{
    next_ns = std::clamp(next_ns * 2, first_ns, longest_ns);
    until_ns = now_ns() + next_ns;
}

bool keeper_loop::pause::over() const noexcept { return until_ns == 0 || now_ns() >= until_ns; }

bool keeper_loop::any(twin_stage which) const noexcept
{
    return std::ranges::any_of(places_, [which](const place& p) { return p.stage == which; });
}

bool keeper_loop::alone() const noexcept
{
    return std::ranges::all_of(places_, [](const place& p) { return p.stage == twin_stage::none; });
}

void keeper_loop::look_at_journal() noexcept
{
    for (place& who : places_)
        look_at(who);
}

void keeper_loop::look_at(place& who) noexcept
{
    const auto pid = static_cast<std::uint32_t>(who.pid);
    const bool tenant = journal_.tenant.load(std::memory_order_acquire) == pid;
    if (who.stage == twin_stage::waiting && tenant) {
        who.stage = twin_stage::seated;
        who.since_ns = journal_.since_ns.load(std::memory_order_relaxed);
    }
    if (who.stage == twin_stage::seated && tenant &&
        journal_.ready.load(std::memory_order_acquire) == 1)
    {
        who.stage = twin_stage::ready;
        who.end.ready = true;
    }
    if (who.stage != twin_stage::seated && who.stage != twin_stage::ready)
        return;

    // Whoever has the seat now, or had it last, will be judged itself.
    who.outlived = !tenant && journal_.tenant.load(std::memory_order_acquire) != 0;
    const board::crash_note& crash = journal_.crash;
    if (crash.pid.load(std::memory_order_acquire) == pid &&
        crash.signal.load(std::memory_order_relaxed) != 0)
    {
        // The seat is free; what is left of it only dumps its core.
        close_tenure(who);
        judge(who);
    } else if (!tenant) {
        // The standby was faster than we. How this one died, we shall see.
        close_tenure(who);
    }
}

/// Notes how its time in the seat was, while the journal still tells.
void keeper_loop::close_tenure(place& who) noexcept
{
    const auto pid = static_cast<std::uint32_t>(who.pid);
    who.stage = twin_stage::leaving;
    who.left_ns = now_ns();
    who.end.lived = std::chrono::nanoseconds{now_ns() - std::min(now_ns(), who.since_ns)};
    const board::crash_note& crash = journal_.crash;
    if (crash.pid.load(std::memory_order_acquire) == pid) {
        who.end.request_ran = crash.running.load(std::memory_order_relaxed) != 0;
        who.end.killed = crash.thread.load(std::memory_order_relaxed) == last_words::no_thread &&
                         crash.address.load(std::memory_order_relaxed) == last_words::from_outside;
    }
    // What a predecessor ran is not what this one died of.
    if (journal_.tenant.load(std::memory_order_acquire) != pid ||
        journal_.speaker.load(std::memory_order_acquire) != pid)
        return;
    for (const auto& running : journal_.running)
        who.end.request_ran |= running.load(std::memory_order_relaxed) != 0;
}

/// Who follows? Once per end of a tenure, or of a newborn that never had one.
void keeper_loop::judge(place& who) noexcept
{
    const bool follows = rule_.follows(who.end);
    who.judged = true;
    // Not everybody who seems to serve: it may have lost the seat to `who` before we looked.
    const bool successor =
        who.outlived || owed_ || std::ranges::any_of(places_, [&who](const place& p) {
            return &p != &who && p.stage == twin_stage::waiting;
        });
    who.succeeded = successor || (follows && !over());
    if (successor || over())
        return;
    owed_ = follows;
    if (!follows)
        post_.put({keeper_note::kind::waiting, who.pid, 0, 0, 0, 0});
}

void keeper_loop::reap() noexcept
{
    for (int i = 0; i < keeper_numbers::twins_max; ++i) {
        const place& who = places_[static_cast<std::size_t>(i)];
        if (who.stage == twin_stage::none)
            continue;
        siginfo_t info{};
        // By pid: until it is reaped the number is nobody else's, and a pidfd may have been closed.
        if (::waitid(P_PID, static_cast<id_t>(who.pid), &info, WEXITED | WNOHANG) == -1)
            info.si_pid = errno == ECHILD ? who.pid : 0;
        if (info.si_pid == who.pid)
            bury(i, info);
    }
}

void keeper_loop::bury(int index, const siginfo_t& how) noexcept
{
    place& who = places_[static_cast<std::size_t>(index)];
    // First of all: a successor may be waiting for it.
    board::note_reaping(journal_, static_cast<std::uint32_t>(who.pid),
                        {how.si_code, how.si_status});
    // It may have taken the seat since we looked.
    look_at(who);
    const bool had_seat = who.stage != twin_stage::waiting;
    const bool others = any(twin_stage::seated) || any(twin_stage::ready);
    if (how.si_code == CLD_KILLED && (how.si_status == SIGKILL || how.si_status == SIGTERM))
        who.end.killed = true;
    if (!had_seat && others) {
        // A standby: the seat is taken, and the next standby waits a little if this repeats.
        who.succeeded = true;
        standby_pause_.grow(100 * millisecond, 5 * second);
    } else if (!who.judged) {
        if (who.stage == twin_stage::seated || who.stage == twin_stage::ready)
            close_tenure(who);
        judge(who);
    }
    if (!post_.cancel_birth(who.pid)) {
        post_.put({keeper_note::kind::ended, who.pid, how.si_code, how.si_status,
                   who.succeeded ? 1U : 0U, had_seat ? 1U : 0U,
                   respawn_rule::served_well(who.end) ? 1U : 0U});
    }
    twins_.numbers.vacate(twins_.numbers.channel(index));
    twins_.numbers.vacate(twins_.numbers.pidfd(index));
    twins_.numbers.vacate(twins_.numbers.twin_end(index));
    who = {};
}

void keeper_loop::tell() noexcept
{
    if (line_over_) {
        post_.clear();
        return;
    }
    told_ = post_.tell(twins_.numbers.line(),
                       [this](int channel) noexcept { twins_.numbers.vacate(channel); });
    if (told_ == keeper_post::outcome::line_over)
        end_line();
}

void keeper_loop::listen() noexcept
{
    while (!line_over_) {
        keeper_order order{};
        const ssize_t got = ::recv(twins_.numbers.line(), &order, sizeof order, MSG_DONTWAIT);
        if (got == static_cast<ssize_t>(sizeof order)) {
            obey(order);
        } else if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR)) {
            end_line();
        } else if (got == -1 && errno == EAGAIN) {
            return;
        }
    }
}

void keeper_loop::obey(keeper_order what) noexcept
{
    switch (what) {
        case keeper_order::spawn:
            held_ = false;
            twins_.last = false;
            last_tries_ = 0;
            owed_ =
                !any(twin_stage::waiting) && !any(twin_stage::seated) && !any(twin_stage::ready);
            break;
        case keeper_order::hold:
        case keeper_order::bequeath:
            held_ = true;
            owed_ = false;
            look_at_journal();
            kill_twins(twin_stage::waiting);
            last_tries_ = what == keeper_order::bequeath && !any(twin_stage::seated) &&
                                  !any(twin_stage::ready)
                              ? last_tries_max
                              : 0;
            break;
    }
}

void keeper_loop::end_line() noexcept
{
    line_over_ = true;
    owed_ = false;
    last_tries_ = 0;
    post_.clear();
    twins_.numbers.vacate(twins_.numbers.line());
    look_at_journal();
    kill_twins(twin_stage::waiting);
    killed_at_ns_ = now_ns() + grace_ns();
}

std::uint64_t keeper_loop::grace_ns() const noexcept
{
    const auto grace = std::max(twins_.how.last_grace, std::chrono::milliseconds{0});
    return static_cast<std::uint64_t>(grace.count()) * millisecond;
}

std::uint64_t keeper_loop::leaving_until_ns() const noexcept
{
    if (!held_)
        return 0;
    std::uint64_t first = 0;
    for (const place& who : places_) {
        if (who.stage == twin_stage::leaving && !who.killed)
            first = first == 0 ? who.left_ns : std::min(first, who.left_ns);
    }
    return first == 0 ? 0 : first + grace_ns();
}

void keeper_loop::enforce_the_end() noexcept
{
    for (place& who : places_) {
        // Whoever ends a cohort waits for a core no longer than for a worker.
        if (held_ && who.stage == twin_stage::leaving && now_ns() >= who.left_ns + grace_ns() &&
            !std::exchange(who.killed, true))
            ::kill(who.pid, SIGKILL);
    }
    if (killed_at_ns_ == 0 || now_ns() < killed_at_ns_)
        return;
    for (const twin_stage stage :
         {twin_stage::waiting, twin_stage::seated, twin_stage::ready, twin_stage::leaving})
        kill_twins(stage);
}

void keeper_loop::kill_twins(twin_stage which) noexcept
{
    for (const place& who : places_) {
        // Not reaped yet, so the number is its own.
        if (who.stage == which && which != twin_stage::none)
            ::kill(who.pid, SIGKILL);
    }
}

int keeper_loop::patience_ms() const noexcept
{
    const std::uint64_t now = now_ns();
    int shortest = -1;
    const auto within = [&shortest](int ms) {
        shortest = shortest == -1 ? ms : std::min(shortest, ms);
    };
    const auto until = [&](std::uint64_t moment) {
        const std::uint64_t left = moment > now ? moment - now : 0;
        within(static_cast<int>(std::min<std::uint64_t>(left / millisecond + 1, 60'000)));
    };
    if (told_ == keeper_post::outcome::again_later || blind_)
        within(glance_ms);
    // Only for those who set `ready` without ringing: a standby can wait that long.
    if (!over() && any(twin_stage::seated) && twins_.how.standby == standby_mode::on)
        within(glance_ms);
    const bool serving = any(twin_stage::ready);
    if (!birth_pause_.over() && ((!over() && (owed_ || serving)) || last_tries_ != 0))
        until(birth_pause_.until_ns);
    if (const auto due = standby_due_ns();
        due && !over() && *due > now && !any(twin_stage::waiting))
        until(*due);
    if (const std::uint64_t moment = leaving_until_ns(); moment != 0)
        until(moment);
    if (killed_at_ns_ != 0)
        until(std::max(killed_at_ns_, now + glance_ms * millisecond));
    return shortest;
}

void keeper_loop::sleep() noexcept
{
    const keeper_numbers& numbers = twins_.numbers;
    std::size_t used = 0;
    watched_[used++] = {numbers.bell(), POLLIN, 0};
    if (!line_over_) {
        const bool waits_for_room = told_ == keeper_post::outcome::no_room;
        const int events = waits_for_room ? POLLIN | POLLOUT : POLLIN;
        watched_[used++] = {numbers.line(), static_cast<short>(events), 0};
    }
    for (int i = 0; i < keeper_numbers::twins_max; ++i) {
        if (places_[static_cast<std::size_t>(i)].stage != twin_stage::none)
            watched_[used++] = {numbers.pidfd(i), POLLIN, 0};
    }
    ::poll(watched_.data(), used, patience_ms());

    blind_ = std::ranges::any_of(watched_.begin(), watched_.begin() + static_cast<int>(used),
                                 [](const pollfd& p) { return (p.revents & POLLNVAL) != 0; });
    // One read takes all that was rung.
    std::uint64_t rung = 0;
    [[maybe_unused]] const auto nothing = ::read(numbers.bell(), &rung, sizeof rung);
}

}  // namespace cohort::process::detail
