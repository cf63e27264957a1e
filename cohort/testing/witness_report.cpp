#include <cohort/testing/witness_report.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace cohort::testing {

namespace {

constexpr std::array<std::string_view, witness_outcomes> names{
    "ok",          "answered_500", "wrong_body", "status",    "refused", "reset_before_complete",
    "reset_after", "eof",          "truncated",  "timed_out", "unsent"};

constexpr std::size_t index(witness_kind kind) noexcept { return static_cast<std::size_t>(kind); }

constexpr std::array<witness_kind, witness_kinds> all_kinds() noexcept
{
    std::array<witness_kind, witness_kinds> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<witness_kind>(i);
    return all;
}

constexpr std::array<witness_outcome, witness_outcomes> all_outcomes() noexcept
{
    std::array<witness_outcome, witness_outcomes> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<witness_outcome>(i);
    return all;
}

}  // namespace

std::string_view name(witness_outcome what) noexcept
{
    return names[static_cast<std::size_t>(what)];
}

// Up to 64 ns a bucket each; from there on 32 buckets a doubling.

void latency_histogram::add(nanoseconds took) noexcept
{
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
    const std::size_t bits = std::bit_width(value);
    const std::size_t doubling = bits > 6 ? bits - 6 : 0;
    const std::size_t within = (value >> doubling) - (doubling == 0 ? 0 : per_doubling);
    const std::size_t bucket = doubling == 0 ? within : (doubling + 1) * per_doubling + within;
    ++buckets_[std::min(bucket, buckets_.size() - 1)];
    ++count_;
    max_ = std::max(max_, static_cast<std::int64_t>(value));
}

void latency_histogram::add(const latency_histogram& other) noexcept
{
    for (std::size_t i = 0; i < buckets_.size(); ++i)
        buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

nanoseconds latency_histogram::quantile(double share) const noexcept
{
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size() && count_ != 0; ++i) {
        seen += buckets_[i];
        if (seen < std::max<std::uint64_t>(wanted, 1))
            continue;
        // The bucket's upper end, but never beyond what was seen.
        const std::size_t doubling = i < 2 * per_doubling ? 0 : i / per_doubling - 1;
        const std::uint64_t first = i < 2 * per_doubling ? i : i % per_doubling + per_doubling;
        const std::uint64_t end = ((first + 1) << doubling) - 1;
        return nanoseconds{std::min(static_cast<std::int64_t>(end), max_)};
    }
    return nanoseconds{0};
}

std::uint64_t witness_report::count(witness_outcome what) const noexcept
{
    std::uint64_t sum = 0;
    for (const witness_kind kind : all_kinds())
        sum += count(kind, what);
    return sum;
}

std::uint64_t witness_report::failed() const noexcept
{
    std::uint64_t sum = 0;
    for (const witness_outcome what : all_outcomes())
        sum += is_failure(what) ? count(what) : 0;
    return sum;
}

bool witness_report::adds_up() const noexcept
{
    std::uint64_t sum = 0;
    for (const witness_outcome what : all_outcomes())
        sum += count(what);
    return sum == planned && sent <= planned;
}

std::optional<std::string> witness_report::disagreement() const
{
    if (!server)
        return counts_wanted ? std::optional<std::string>{"the server did not tell its counts"}
                             : std::nullopt;
    if (server->repeated != 0)
        return fmt::format("{} POSTs ran twice", server->repeated);
    if (server->wrong != 0)
        return fmt::format("{} bodies did not arrive as sent", server->wrong);
    if (server->first_runs > sent)
        return fmt::format("{} requests ran, but {} were sent", server->first_runs, sent);
    const std::uint64_t answered = count(witness_outcome::ok);
    if (server->ended < answered)
        return fmt::format("{} were answered, but {} handlers ended", answered, server->ended);
    // Without deaths and failures there is no doubt left.
    const bool peace =
        failed() == 0 && server->later_runs == 0 && count(witness_outcome::answered_500) == 0;
    if (peace && (server->first_runs != sent || server->ended != sent))
        return fmt::format("{} were sent and answered, {} ran and {} ended", sent,
                           server->first_runs, server->ended);
    return std::nullopt;
}

bool witness_report::good() const
{
    return adds_up() && failed() == 0 && stray_bytes == 0 && !disagreement();
}

latency_histogram witness_report::latency() const noexcept
{
    latency_histogram all;
    for (const latency_histogram& one : latencies)
        all.add(one);
    return all;
}

namespace {

std::string milliseconds_text(nanoseconds took)
{
    return fmt::format("{:.3f}", static_cast<double>(took.count()) / 1e6);
}

std::string latency_line(std::string_view what, const latency_histogram& of)
{
    return fmt::format("{:<22} {:>10} {:>10} {:>10} {:>10} {:>10}\n", what,
                       milliseconds_text(of.quantile(0.5)), milliseconds_text(of.quantile(0.9)),
                       milliseconds_text(of.quantile(0.99)), milliseconds_text(of.quantile(0.999)),
                       milliseconds_text(of.max()));
}

std::uint64_t planned_of(const witness_report& report, witness_kind kind)
{
    const auto& row = report.outcomes[index(kind)];
    return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

std::string outcome_table(const witness_report& report)
{
    std::string text = fmt::format("{:<22}", "outcome");
    for (const witness_kind kind : all_kinds()) {
        if (planned_of(report, kind) != 0)
            text += fmt::format(" {:>11}", name(kind));
    }
    text += fmt::format(" {:>11}\n", "all");
    for (const witness_outcome what : all_outcomes()) {
        if (report.count(what) == 0 && what != witness_outcome::ok)
            continue;
        text += fmt::format("{:<22}", name(what));
        for (const witness_kind kind : all_kinds()) {
            if (planned_of(report, kind) != 0)
                text += fmt::format(" {:>11}", report.count(kind, what));
        }
        text += fmt::format(" {:>11}\n", report.count(what));
    }
    return text;
}

std::string latency_table(const witness_report& report)
{
    std::string text = fmt::format("{:<22} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
                                   "latency of ok, ms", "p50", "p90", "p99", "p99.9", "max");
    for (const witness_kind kind : all_kinds()) {
        if (report.latencies[index(kind)].count() != 0)
            text += latency_line(name(kind), report.latencies[index(kind)]);
    }
    return text + latency_line("all", report.latency());
}

latency_histogram next_answers(const witness_report& report)
{
    latency_histogram all;
    for (const witness_mark& mark : report.marks) {
        if (mark.next_answer)
            all.add(*mark.next_answer);
    }
    return all;
}

boost::json::object json_of(const latency_histogram& of)
{
    return {{"count", of.count()},
            {"p50", of.quantile(0.5).count()},
            {"p90", of.quantile(0.9).count()},
            {"p99", of.quantile(0.99).count()},
            {"p99_9", of.quantile(0.999).count()},
            {"max", of.max().count()}};
}

boost::json::object json_of(const witness_counts& counts)
{
    return {{"first_runs", counts.first_runs},
            {"later_runs", counts.later_runs},
            {"ended", counts.ended},
            {"repeated", counts.repeated},
            {"wrong", counts.wrong}};
}

boost::json::array json_of(const std::vector<witness_mark>& marks)
{
    boost::json::array list;
    for (const witness_mark& mark : marks) {
        boost::json::object one{{"at_ns", mark.at.time_since_epoch().count()}};
        if (mark.slot)
            one["slot"] = *mark.slot;
        one["next_answer_ns"] = mark.next_answer ? boost::json::value(mark.next_answer->count())
                                                 : boost::json::value(nullptr);
        list.push_back(std::move(one));
    }
    return list;
}

boost::json::object json_of(const witness_failure& failure)
{
    return {{"number", failure.number},
            {"kind", name(failure.kind)},
            {"outcome", name(failure.what)},
            {"connection", failure.connection},
            {"planned_ns", failure.planned.count()},
            {"took_ns", failure.took.count()},
            {"detail", failure.detail}};
}

}  // namespace

std::string witness_report::text() const
{
    const double took = static_cast<double>(lasted.count()) / 1e9;
    std::string text =
        fmt::format("{} requests planned, {} sent in {:.2f} s ({:.0f}/s), seed {}\n"
                    "{} connections made, {} closed while idle, {} answers said close, {} replayed "
                    "(attempt {} at most)\n\n",
                    planned, sent, took, took > 0 ? static_cast<double>(sent) / took : 0, seed,
                    connects, idle_closes, said_close, replayed, attempts_max);
    text += outcome_table(*this) + '\n' + latency_table(*this);

    if (!marks.empty()) {
        const latency_histogram after = next_answers(*this);
        text +=
            fmt::format("\n{} deaths, {} with an answer after it\n", marks.size(), after.count());
        text += latency_line("death to next answer", after);
    }
    for (const witness_failure& one : failures)
        text += fmt::format("\n{} {} on connection {} at {} ms, after {} ms: {} {}", name(one.kind),
                            one.number, one.connection, milliseconds_text(one.planned),
                            milliseconds_text(one.took), name(one.what), one.detail);
    if (stray_bytes != 0)
        text += fmt::format("\n{} bytes came unasked", stray_bytes);
    if (!adds_up())
        text += "\nthe outcomes do not add up to what was planned";
    if (const auto why = disagreement())
        text += "\nthe server disagrees: " + *why;
    text += fmt::format("\n{}: {} failed of {}\n", good() ? "good" : "NOT GOOD", failed(), planned);
    return text;
}

boost::json::object witness_report::json() const
{
    boost::json::object totals;
    for (const witness_outcome what : all_outcomes())
        totals[name(what)] = count(what);

    boost::json::object kinds;
    for (const witness_kind kind : all_kinds()) {
        if (planned_of(*this, kind) == 0)
            continue;
        boost::json::object one;
        for (const witness_outcome what : all_outcomes())
            one[name(what)] = count(kind, what);
        one["latency_ns"] = json_of(latencies[index(kind)]);
        kinds[name(kind)] = std::move(one);
    }

    boost::json::array failed_ones;
    for (const witness_failure& one : failures)
        failed_ones.push_back(json_of(one));

    const auto why = disagreement();
    return {{"good", good()},
            {"seed", seed},
            {"planned", planned},
            {"sent", sent},
            {"lasted_ns", lasted.count()},
            {"failed", failed()},
            {"adds_up", adds_up()},
            {"outcomes", std::move(totals)},
            {"kinds", std::move(kinds)},
            {"latency_ns", json_of(latency())},
            {"connects", connects},
            {"idle_closes", idle_closes},
            {"said_close", said_close},
            {"stray_bytes", stray_bytes},
            {"replayed", replayed},
            {"attempts_max", attempts_max},
            {"marks", json_of(marks)},
            {"failures", std::move(failed_ones)},
            {"server", server ? boost::json::value(json_of(*server)) : boost::json::value(nullptr)},
            {"disagreement", why ? boost::json::value(*why) : boost::json::value(nullptr)}};
}

}  // namespace cohort::testing
