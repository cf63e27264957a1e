// What a session does for those who come after its process: in the journal, and from it.
#include <cohort/base/clock.hpp>
#include <cohort/base/fault_point.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/apology.hpp>
#include <cohort/http/fingerprint.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::http {

using board::standing;

std::size_t session::room_for_input()
{
    record& r = *record_;
    if (r.begin == r.end && !r.input.journaled() && exchange_.now() == phase::idle) {
        r.begin = r.at = r.end = 0;
        r.input = scribe_.place(server_.input_bytes());
        r.capacity = r.input.size();
    } else if (r.whole && r.end == r.capacity) {
        enlarge_input();
    }
    const std::size_t room = exchange_.make_room(r);
    scribe_.expect_input(exchange_, r);
    return room;
}

void session::enlarge_input()
{
    record& r = *record_;
    const std::size_t usual = server_.input_bytes();
    if (exchange_.now() != phase::body) {
        // A handler that reads its body piece by piece looks into the head: nothing may be moved.
        if (exchange_.now() == phase::running)
            leave_journal();
        else if (r.begin != 0)
            move_input(scribe_.place(std::max(usual, r.end - r.begin + 1)));
        return;
    }
    const std::size_t here = r.end - r.begin;
    if (r.top.body == framing::length) {
        const std::uint64_t all = r.top.size + r.top.content_length;
        move_input(scribe_.place(std::min<std::uint64_t>(all, 2 * here)));
        return;
    }
    // Chunks: what frames them may be as long as the data, but not much longer.
    if (here <= r.top.size + 2 * exchange_.state().body_max + usual) {
        move_input(scribe_.place(2 * here));
        return;
    }
    r.whole = false;
    scribe_.expect_input(exchange_, r);
    input_place small{usual};
    std::memcpy(small.get(), r.input.get() + r.begin, r.top.size);
    std::memcpy(small.get() + r.top.size, r.input.get() + r.at, r.end - r.at);
    r.end = r.top.size + (r.end - r.at);
    r.at = r.top.size;
    r.begin = 0;
    r.input = std::move(small);
    r.capacity = r.input.size();
    plan_route();
}

void session::leave_journal()
{
    record_->whole = false;
    scribe_.expect_input(exchange_, *record_);
}

void session::move_input(input_place to)
{
    record& r = *record_;
    std::memcpy(to.get(), r.input.get() + r.begin, r.end - r.begin);
    std::swap(r.input, to);
    r.capacity = r.input.size();
    r.at -= r.begin;
    r.end -= r.begin;
    r.begin = 0;
    scribe_.expect_input(exchange_, r);
    // Views into the head have nobody to look at them yet, but they must follow.
    if (exchange_.now() == phase::body)
        plan_route();
    fault_point("http.moved");
}

void session::begin_run()
{
    record& r = *record_;
    r.kept.now = standing::running;
    r.kept.attempt = exchange_.attempt();
    r.kept.replayable = r.to->replayable(*r.asked);
    r.kept.coroutine = r.to->mode() == run_mode::coroutine;
    scribe_.note(exchange_, &r);
    fault_point("http.run");
}

void session::write_interim()
{
    record& r = *record_;
    const std::uint64_t begins = end_of_output();
    r.output.end() += continue_answer;
    if (!scribe_.on() || r.kept.private_answer)
        return;
    const standing now = r.kept.now;
    keep_answer(begins);
    r.kept.next = now;
    scribe_.note(exchange_, &r);
}

void session::keep_answer(std::uint64_t begins)
{
    record& r = *record_;
    fault_point("http.answer");
    if (r.kept.private_answer || scribe_.keep_output(exchange_, r))
        return;
    scribe_.count_private();
    r.kept.answer = begins;
    scribe_.private_answer(exchange_, r);
}

void session::keep_head(std::uint64_t begins, const http::answer& how)
{
    record& r = *record_;
    if (!how.send_body) {
        keep_answer(begins);
        return;
    }
    r.kept.answer = begins;
    r.kept.until_close = ends_by_close_;
    if (!keep_resumable_head(how))
        scribe_.private_answer(exchange_, r);
    fault_point("http.stream");
}

void session::answered(order next)
{
    record& r = *record_;
    const bool over = next == order::close || next == order::linger;
    const standing now = over ? standing::closing : standing::idle;
    r.whole = true;
    if (r.kept.now == standing::streaming && !streaming_) {
        r.kept.next = now;  // the arena had no room for this answer: see all_given()
        return;
    }
    const journaled was = std::exchange(r.kept, {});
    r.kept.now = now;
    r.kept.out_base = was.out_base;
    r.kept.composed = was.composed;
    r.kept.answer = was.answer;
    r.kept.private_answer = was.private_answer;
    r.kept.until_close = was.until_close && was.private_answer;
    scribe_.note(exchange_, &r);
    fault_point("http.answered");
}

void session::all_given() noexcept
{
    record& r = *record_;
    if (!r.kept.private_answer)
        return;
    if (r.kept.now == standing::streaming) {
        if (streaming_)
            return;
        const standing next = r.kept.next;
        r.kept = {};
        r.kept.now = next;
    }
    r.kept.private_answer = false;
    r.kept.until_close = false;
    scribe_.note(exchange_, &r);
}

std::optional<poison_entry::reason> session::kept_from_running()
{
    using reason = poison_entry::reason;
    record& r = *record_;
    const survival& options = server_.options_.survival;
    std::optional<reason> why;
    if (r.kept.to_be == fate::poison)
        why = reason::poison;
    else if (r.kept.to_be == fate::killed_often)
        why = reason::killed_often;
    else if (r.kept.to_be == fate::outcome_unknown)
        why = reason::outcome_unknown;
    const board::quarantine* const table = options.quarantine;
    const bool struck = r.kept.strike || why == reason::poison;
    if (table == nullptr)
        return why;
    if (!struck)
        return why;
    r.on.fingerprint = fingerprint(*r.asked);
    const steady_time now = cohort::now();
    if (why == reason::poison)
        table->add(r.on.fingerprint, now, options.poison_for);
    else
        static_cast<void>(table->strike(r.on.fingerprint, now, options.poison_for));
    r.kept.strike = false;
    return why;
}

order session::answer_in_place_of_run(poison_entry::reason why)
{
    record& r = *record_;
    const poison_entry entry{.verb = r.top.verb,
                             .target = r.asked->target(),
                             .route = r.asked->pattern(),
                             .fingerprint = fingerprint(*r.asked),
                             .why = why,
                             .of = &*r.asked};
    if (server_.options_.survival.on_poison)
        server_.options_.survival.on_poison(entry);
    if (scribe_.on()) {
        board::journal_header& totals = scribe_.book().header();
        const bool caught =
            why == poison_entry::reason::quarantined || why == poison_entry::reason::on_trial;
        (caught ? totals.quarantined_total : totals.apologies_total)
            .fetch_add(1, std::memory_order_relaxed);
    }
    response words = apology(why);
    return answer(words);
}

}  // namespace cohort::http
