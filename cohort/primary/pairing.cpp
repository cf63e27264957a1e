#include <cohort/primary/pairing.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/answers.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/process/child_side.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// First steps in a newborn worker's own memory.
void arrange(const config::settings& settings, const birth_plan& plan) noexcept
{
    for (const auto* each : {&settings.env, &plan.env}) {
        for (const auto& [name, value] : *each)
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (!settings.cwd.empty() && ::chdir(settings.cwd.c_str()) == -1) {
        fmt::print(stderr, "cohort: cannot change to directory {}: {}\n", settings.cwd,
                   last_errno().message());
        ::_exit(process::stillborn);
    }
}

/// A worker's life, in its own memory.
void live(const pairing& what, ipc::welcome terms, process::twin_birth born) noexcept
{
    arrange(what.settings, what.plan);
    birthright mine;
    mine.terms = std::move(terms);
    const std::uint32_t given = what.journal.header().next_id.exchange(0);
    mine.terms.id = given != 0 ? given : what.board.ids().draw();
    auto board = duplicate(what.board.fd());
    auto inbox = duplicate(what.inbox);
    auto hotline = duplicate(what.hotline);
    if (!board || !inbox || !hotline) {
        fmt::print(stderr, "cohort: a worker has no descriptors to begin with\n");
        ::_exit(process::stillborn);
    }
    mine.board = *std::move(board);
    mine.inbox = *std::move(inbox);
    mine.hotline = *std::move(hotline);
    board::clear(what.board.answers(what.slot));
    board::move_in(what.board.row(what.slot),
                   {.tenant = board::tenant_of(what.board.generation(), ::getpid()),
                    .worker_id = mine.terms.id});
    mine.channel = std::move(born.channel);
    mine.journal = &what.journal;
    mine.keeper = std::move(born.keeper);
    mine.successor = born.successor;
    mine.last = born.last;
    mine.found = std::move(born.found);
    what.life.live_on(std::move(mine));
}

}  // namespace

ipc::welcome terms_for(const config::settings& settings, birth_place where)
{
    ipc::welcome words;
    words.id = where.id;
    words.slot = where.slot;
    words.app = settings.name;
    words.balance = config::name_of(settings.balance);
    words.lanes = settings.lanes;
    words.connections_max = settings.limit.connections;
    words.beat = 1s;
    if (settings.health.heartbeat > 0ms)
        words.beat = std::min<nanoseconds>(words.beat, settings.health.heartbeat / 4);
    words.stop_timeout = settings.stop.timeout;
    words.listen = settings.listen;
    words.log_level = config::name_of(settings.log.level);
    return words;
}

result<process::keeping> keeping_for(const pairing& what)
{
    process::keeping how;
    how.title = fmt::format("cohort: keeper {} ({})", what.slot, what.settings.name);
    how.twin_title = fmt::format("cohort: worker {} ({})", what.slot, what.settings.name);
    how.standby_title = fmt::format("cohort: standby {} ({})", what.slot, what.settings.name);
    how.journal = &what.journal;
    how.keep = {what.board.fd().borrow(), what.inbox, what.hotline};
    for (const auto& [number, ours] : what.plan.extra_descriptors)
        how.keep.push_back(ours);
    how.twin_orphan = process::parent_death::after(what.settings.stop.timeout);
    how.last_grace = what.settings.stop.timeout + 1s;
    how.standby = what.settings.standby ? process::standby_mode::on : process::standby_mode::off;
    COHORT_TRY(how.user, user_of(what.settings));
    COHORT_TRY(how.box, sandbox_of(what.settings, {}));
    const forked_log lines = forked_log::of(what.settings, what.slot);
    if (lines.number() != -1)
        how.keep.push_back(lines.number());
    how.life = [what, lines, terms = terms_for(what.settings, {.id = 0, .slot = what.slot})](
                   process::twin_birth born) noexcept {
        lines.take();
        live(what, terms, std::move(born));
    };
    return how;
}

}  // namespace cohort::primary
