// How an HTTP server belongs to its worker.

#include <cohort/app/or_throw.hpp>
#include <cohort/app/survival_counts.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/board/flight.hpp>

#include <cohort/http/culprit.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/http/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_budget.hpp>
#include <cohort/observe/log_sink.hpp>
#include <cohort/process/last_words.hpp>
#include <cohort/process/stacks.hpp>
#include <cohort/worker/core.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

namespace {

net::handover words_about(const http::positions& at) noexcept
{
    net::handover words;
    words.taken = at.taken;
    words.given = at.given;
    words.requests = at.requests;
    return words;
}

/// One that was given away, if it was.
bool counted(bool given) noexcept
{
    if (given)
        survival_counts::here().handed_over.add();
    return given;
}

task<> finish(http::server& server, work::core& core, nanoseconds budget)
{
    std::size_t cut = 0;
    work::hall& doors = core.doors();
    if (core.is_kept() && !core.is_last() && server.is_recorded() && doors.has_heirs()) {
        http::handover give = [&doors](unique_fd& connection, const http::positions& at) noexcept {
            return counted(doors.move_on(connection, words_about(at)));
        };
        cut = co_await server.drain_to(std::move(give), budget);
    } else {
        cut = co_await server.drain(budget);
    }
    if (cut != 0)
        log::warn("{} connections were cut: not finished in time", cut);
}

void tell_age(const http::server& of) noexcept
{
    const auto begun = of.oldest_begun();
    const auto ns = begun ? begun->time_since_epoch().count() : 0;
    process::stacks::note_oldest_request(static_cast<std::uint64_t>(ns));
}

void tell_adoption(const http::adoption_entry& entry) noexcept
{
    log::debug({{"descriptor", entry.descriptor}, {"rule", entry.why}}, "connection adopted");
    survival_counts& counts = survival_counts::here();
    counts.adopted.with(entry.why).add();
    if (entry.why == "adopt.replay")
        counts.replayed.add();
}

/// As the metric has it.
std::string_view word_for(http::poison_entry::reason why) noexcept
{
    using reason = http::poison_entry::reason;
    switch (why) {
        case reason::outcome_unknown:
            return "outcome_unknown";
        case reason::killed_often:
            return "killed_often";
        case reason::poison:
            return "poison";
        case reason::quarantined:
            return "quarantined";
        case reason::cut:
            return "cut";
        case reason::on_trial:
            return "on_trial";
    }
    return "unknown";
}

void tell_poison(const http::poison_entry& entry) noexcept
{
    using reason = http::poison_entry::reason;
    survival_counts::here().poisoned.with(word_for(entry.why)).add();
    if (http::request_serial::wanted())  // somebody has tracing()
        http::record_dead_attempt(*entry.of, observe::tracer::here());
    // What follows may be a secret.
    const std::string_view target = entry.target.substr(0, entry.target.find('?'));
    if (entry.why == reason::outcome_unknown)
        log::warn({{"route", entry.route}, {"target", target}},
                  "answered 500: its worker died while it ran, and it must not run twice");
    else if (entry.why == reason::killed_often)
        log::warn({{"route", entry.route}, {"target", target}},
                  "answered 500: too many workers were killed while they ran it");
    else if (entry.why == reason::cut)
        log::warn({{"route", entry.route}, {"target", target}},
                  "its streamed answer was cut: its worker died, and it is not continued");
    else if (entry.why == reason::on_trial)
        log::warn({{"route", entry.route}, {"target", target}},
                  "answered 503: a request like it has ended a worker, and another one still runs");
    else
        log::error({{"route", entry.route}, {"target", target}},
                   "answered 500: requests like it have ended workers");
}

/// Tells of what a server refuses. Anybody can cause it, thousands of times a second, so lines have
/// a budget and say how much they stand for.
class refusal_teller {
public:
    explicit refusal_teller(unsigned connections_per_client) noexcept
        : connections_max_{connections_per_client}
    {}

    void tell(const http::refusal_entry& entry) noexcept
    {
        if (entry.why->rule == http::too_many_connections.rule)
            tell_crowd(entry);
        else if (entry.why->rule.starts_with("tls."))
            tell_handshake(entry);
        else
            tell_request(entry);
    }

private:
    void tell_request(const http::refusal_entry& entry) noexcept
    {
        const auto suppressed = requests_.take();
        if (!suppressed)
            return;
        // Neither the query nor the fields: secrets are there.
        const std::string_view begins = entry.first_bytes.substr(
            0, std::min<std::size_t>(entry.first_bytes.find_first_of("?\r\n"), 64));
        const std::string from = entry.from->text();
        const std::array<log::field, 4> fields{{{"rule", entry.why->rule},
                                                {"client", from},
                                                {"begins", begins},
                                                {"suppressed", *suppressed}}};
        log::write(log::level::info, fmt::format("request refused: {}", entry.why->words),
                   std::span<const log::field>{fields}.first(*suppressed > 0 ? 4 : 3));
    }

    void tell_handshake(const http::refusal_entry& entry) noexcept
    {
        // Load balancers look whether a port is open all day long.
        const bool is_check = entry.why->rule.ends_with(".nothing-said");
        const log::level at = is_check ? log::level::debug : log::level::info;
        if (!log::enabled(at))
            return;
        const auto suppressed = handshakes_.take();
        if (!suppressed)
            return;
        const std::string from = entry.from->text();
        const std::array<log::field, 3> fields{
            {{"rule", entry.why->rule}, {"client", from}, {"suppressed", *suppressed}}};
        log::write(at, fmt::format("TLS handshake failed: {}", entry.why->words),
                   std::span<const log::field>{fields}.first(*suppressed > 0 ? 3 : 2));
    }

    void tell_crowd(const http::refusal_entry& entry) noexcept
    {
        const auto suppressed = crowds_.take();
        if (!suppressed)
            return;
        log::warn({{"refused", *suppressed + 1}, {"peer", entry.from->address()}},
                  "connections refused: their clients have {} open in this worker already "
                  "(limit.connections_per_client). If such a client is a proxy, name it in "
                  "limit.uncounted_clients. We go on, and say it once a minute",
                  connections_max_);
    }

    unsigned connections_max_;
    log::budget requests_{10};
    log::budget handshakes_{10};
    log::budget crowds_{1, std::chrono::minutes{1}};
};

/// Of what most servers never come to, once a minute.
class crowd_teller {
public:
    void tell(const http::crowd_entry& entry) noexcept
    {
        if (!lines_.take())
            return;
        log::warn({{"connections", entry.connections}, {"made_room", entry.made_room}},
                  "all {} connections that this worker may have (limit.connections) are open; "
                  "{} without a request were closed so far to make room. We go on: newcomers wait "
                  "while there is none of these",
                  entry.connections, entry.made_room);
    }

private:
    log::budget lines_{1, std::chrono::minutes{1}};
};

/// Of a worker with little memory, requests do not get the most of it.
std::uint64_t bodies_bytes(const config::limit& limit) noexcept
{
    constexpr std::uint64_t part = 4;
    return limit.memory_bytes == 0 ? limit.bodies_bytes
                                   : std::min(limit.bodies_bytes, limit.memory_bytes / part);
}

/// In the crash handler, before somebody else has our seat, and with it the log's memory.
void accuse(std::uint32_t thread) noexcept
{
    observe::process_sink().abandon();
    http::culprit::accuse(thread);
}

}  // namespace

http::server_options worker::http_options()
{
    const config::limit& limit = settings().limit;
    http::server_options options;
    // No more than the hall lets in: who is never full makes no room.
    const std::uint32_t fit = core_.doors().connections_max();
    options.connections_max = fit == 0 ? limit.connections : std::min(limit.connections, fit);
    options.connections_per_client_max = limit.connections_per_client;
    options.uncounted_clients = or_throw(http::parse_ranges(limit.uncounted_clients));
    options.slot = slot();
    options.limits.body_bytes_max = limit.body_bytes;
    options.limits.head_bytes_max = limit.head_bytes;
    options.bodies_bytes_max = bodies_bytes(limit);
    options.patience.keep_alive = std::chrono::ceil<std::chrono::seconds>(limit.idle);
    options.patience.head = std::chrono::ceil<std::chrono::seconds>(limit.request);
    auto teller = std::make_shared<refusal_teller>(limit.connections_per_client);
    options.on_refused = [teller = std::move(teller)](const http::refusal_entry& entry) noexcept {
        teller->tell(entry);
    };
    auto crowd = std::make_shared<crowd_teller>();
    options.on_full = [crowd = std::move(crowd)](const http::crowd_entry& entry) noexcept {
        crowd->tell(entry);
    };
    // The row on the board is written by the server itself: it knows best.
    work::hall& doors = core_.doors();
    board::slot& row = doors.lend_row();
    options.counters.connections_open = &row.connections_open;
    options.counters.connections_total = &row.connections_total;
    options.counters.requests_total = &row.requests_total;
    options.counters.requests_running = &row.requests_running;
    options.counters.answers = &doors.answers();
    options.survival.journal = doors.lend_journal();
    if (options.survival.journal == nullptr)
        options.survival.strangers_in = doors.journal();
    options.survival.quarantine = &doors.quarantine();
    options.survival.on_adopted = &tell_adoption;
    options.survival.on_poison = &tell_poison;
    return options;
}

void worker::look_after(http::server& server)
{
    work::core& core = core_;
    on_drain([&server, &core](nanoseconds budget) { return finish(server, core, budget); });
    work::hall& doors = core.doors();
    doors.on_beat([&server]() noexcept { tell_age(server); });
    // One server of a worker has the journal; connections of any other end with their process.
    if (doors.journal() == nullptr || !server.is_recorded())
        return;
    core.on_orphaned([&server] { server.stop_counting(); });
    doors.on_moved([&server](unique_fd& connection, const net::handover& about) noexcept {
        const http::positions at{
            .taken = about.taken, .given = about.given, .requests = about.requests};
        const bool taken = server.take_over(std::move(connection), at).has_value();
        if (taken)
            survival_counts::here().taken_over.add();
        return taken;
    });
    doors.on_share([&server, &doors](const ipc::share_order& order) noexcept {
        http::handover give = [&doors, to = order.slot](unique_fd& connection,
                                                        const http::positions& at) noexcept {
            return counted(doors.move_to(to, connection, words_about(at)));
        };
        server.share(std::move(give), order.connections, order.budget);
    });
    process::last_words::on_culprit(&accuse);
    doors.on_beat([&server]() noexcept {
        server.vouch();
        tell_age(server);
    });
    const auto found = doors.take_found();
    const std::size_t adopted = server.adopt(
        found, [&doors](std::uint32_t ticket) noexcept { return doors.is_ours(ticket); });
    doors.settle();
    if (found.empty())
        return;
    board::flight::note(
        {.kind = board::flight_kind::adopted, .subject = static_cast<std::uint32_t>(adopted)});
    log::info({{"found", found.size()}, {"adopted", adopted}},
              "{} connections go on where the last worker left them", adopted);
}

}  // namespace cohort
