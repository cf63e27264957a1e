#include <cohort/testing/detail/witness_book.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace cohort::testing::detail {

namespace {

witness_outcome outcome_of(const flight& of, const answer_seen& seen) noexcept
{
    if (seen.status == 200)
        return seen.right ? witness_outcome::ok : witness_outcome::wrong_body;
    return seen.status == 500 && !is_replayable(of.kind) ? witness_outcome::answered_500
                                                         : witness_outcome::status;
}

std::string words(const flight& of, const answer_reader& with)
{
    const answer_seen& seen = with.seen();
    if (seen.status != 200)
        return with.status_line();
    return fmt::format("{} bytes of body, {} expected, attempt {}", seen.body_bytes,
                       of.answer_bytes, seen.attempt);
}

}  // namespace

bool witness_book::counts_for(const witness_mark& mark, const recent& answer) noexcept
{
    return answer.sent >= mark.at && (!mark.slot || mark.slot == answer.slot);
}

void witness_book::answered(const flight& of, const answer_reader& with, steady_time when)
{
    const answer_seen& seen = with.seen();
    const witness_outcome what = outcome_of(of, seen);
    if (is_failure(what))
        return failed(of, what, when, words(of, with));

    const auto kind = static_cast<std::size_t>(of.kind);
    ++report_.outcomes[kind][static_cast<std::size_t>(what)];
    if (seen.attempt > 1)
        ++report_.replayed;
    report_.attempts_max = std::max(report_.attempts_max, seen.attempt);
    if (what != witness_outcome::ok)
        return;

    report_.latencies[kind].add(when - of.planned);
    const recent answer{of.sent, when, seen.slot};
    recent_[answers_++ % recent_max] = answer;
    if (open_marks_ == 0)
        return;
    for (witness_mark& mark : report_.marks) {
        if (!mark.next_answer && counts_for(mark, answer)) {
            mark.next_answer = answer.done - mark.at;
            --open_marks_;
        }
    }
}

void witness_book::failed(const flight& of, witness_outcome what, steady_time when,
                          std::string detail)
{
    ++report_.outcomes[static_cast<std::size_t>(of.kind)][static_cast<std::size_t>(what)];
    if (report_.failures.size() < failures_max)
        report_.failures.push_back({.number = of.number,
                                    .kind = of.kind,
                                    .what = what,
                                    .connection = of.connection,
                                    .planned = of.planned - start_,
                                    .took = when - of.planned,
                                    .detail = std::move(detail)});
}

void witness_book::unsent(witness_kind kind, std::uint64_t requests) noexcept
{
    report_.outcomes[static_cast<std::size_t>(kind)]
                    [static_cast<std::size_t>(witness_outcome::unsent)] += requests;
}

void witness_book::mark(const witness_mark& death)
{
    // The announcement may come later than the first answer after it.
    witness_mark noted = death;
    const std::uint64_t oldest = answers_ - std::min<std::uint64_t>(answers_, recent_max);
    for (std::uint64_t i = oldest; i < answers_ && !noted.next_answer; ++i) {
        const recent& answer = recent_[i % recent_max];
        if (counts_for(noted, answer))
            noted.next_answer = answer.done - noted.at;
    }
    if (!noted.next_answer)
        ++open_marks_;
    report_.marks.push_back(noted);
}

}  // namespace cohort::testing::detail
