// Every combination of what a record can say, of the kernel's word and of the blame goes through
// adopt(): against the table of rules below, and against what must never happen.

#include <cohort/net/adoption.hpp>

#include <cohort/net/adoption_records_test.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

using namespace cohort::net;

namespace {

struct rule {
    std::string_view why;
    then what;
    bool (*when)(const found&);
};

/// The first that holds decides.
constexpr auto rules = std::to_array<rule>({
    {"adopt.left", then::apologise, [](const found& f) { return f.left(); }},
    {"adopt.reset", then::drop, [](const found& f) { return f.in.kernel.reset; }},
    {"adopt.new", then::serve,
     [](const found& f) {
         return f.is(standing::free) && f.exact() && f.taken() == 0 && f.given() == 0;
     }},
    {"adopt.forgotten", then::close, [](const found& f) { return f.is(standing::free); }},
    {"adopt.foreign", then::close, [](const found& f) { return f.is(standing::foreign); }},
    {"adopt.standing", then::drop,
     [](const found& f) { return f.in.state.now > standing::foreign; }},

    // Records that make no sense.
    {"adopt.behind", then::drop,
     [](const found& f) { return f.taken() < f.in.taken || f.given() < f.in.given; }},
    {"adopt.input", then::drop,
     [](const found& f) {
         return !f.is(standing::closing) && !f.has(mark::incomplete) &&
                f.taken() > f.in.state.base + f.in.input_bytes;
     }},
    {"adopt.no_request", then::drop,
     [](const found& f) { return f.request() && !f.has(mark::incomplete) && !f.pending(); }},
    {"adopt.answer", then::drop,
     [](const found& f) { return f.produced() && f.in.state.answer > f.in.state.composed; }},
    {"adopt.ahead", then::drop,
     [](const found& f) { return !f.produced() && f.given() > f.in.state.composed; }},
    {"adopt.body", then::drop,
     [](const found& f) { return f.resumable() && !f.body_fits(); }},
    {"adopt.output", then::drop,
     [](const found& f) {
         return f.unsent() && f.in.output_bytes == 0 &&
                (f.request() || !f.has(mark::private_answer));
     }},

    // The last answer.
    {"adopt.closing", then::close,
     [](const found& f) { return f.is(standing::closing) && !f.unsent(); }},
    {"adopt.unknown", then::drop,
     [](const found& f) {
         return f.is(standing::closing) && !f.exact() && f.has(mark::until_close);
     }},
    {"adopt.unknown", then::close,
     [](const found& f) { return f.is(standing::closing) && !f.exact(); }},
    {"adopt.cut", then::drop,
     [](const found& f) {
         return f.is(standing::closing) && f.has(mark::private_answer) && f.has(mark::until_close);
     }},
    {"adopt.cut", then::close,
     [](const found& f) { return f.is(standing::closing) && f.has(mark::private_answer); }},
    {"adopt.closing", then::close, [](const found& f) { return f.is(standing::closing); }},

    // Between requests.
    {"adopt.unknown", then::drop,
     [](const found& f) {
         return f.between() && !f.exact() && f.has(mark::until_close) &&
                (f.unsent() || f.pending() || f.in.input_bytes != 0 || f.has(mark::incomplete));
     }},
    {"adopt.unknown", then::close,
     [](const found& f) {
         return f.between() && !f.exact() &&
                (f.unsent() || f.pending() || f.in.input_bytes != 0 || f.has(mark::incomplete));
     }},
    {"adopt.cut", then::drop,
     [](const found& f) {
         return f.between() && f.has(mark::private_answer) && f.unsent() &&
                f.has(mark::until_close);
     }},
    {"adopt.cut", then::close,
     [](const found& f) { return f.between() && f.has(mark::private_answer) && f.unsent(); }},
    {"adopt.closing", then::close, [](const found& f) { return f.between() && f.has(mark::last); }},
    {"adopt.idle", then::serve, [](const found& f) { return f.between() && !f.pending(); }},
    {"adopt.poison", then::apologise,
     [](const found& f) { return f.between() && f.crashes() >= limits.crashes_max; }},
    {"adopt.killed_often", then::apologise,
     [](const found& f) { return f.between() && f.killed_often(); }},
    {"adopt.incomplete", then::apologise,
     [](const found& f) { return f.between() && f.has(mark::incomplete); }},
    {"adopt.pending", then::serve, [](const found& f) { return f.between(); }},

    // A handler had it.
    {"adopt.unknown", then::drop,
     [](const found& f) { return !f.exact() && (f.produced() || f.unsent()) && f.by_end(); }},
    {"adopt.unknown", then::close,
     [](const found& f) { return !f.exact() && (f.produced() || f.unsent()); }},
    {"adopt.cut", then::drop,
     [](const found& f) { return f.produced() && f.given() > f.in.state.answer && f.by_end(); }},
    {"adopt.cut", then::close,
     [](const found& f) { return f.produced() && f.given() > f.in.state.answer; }},
    {"adopt.cut", then::drop,
     [](const found& f) {
         return f.resumable() && f.by_end() &&
                (f.has(mark::incomplete) || f.killed_often());
     }},
    {"adopt.cut", then::close,
     [](const found& f) {
         return f.resumable() && (f.has(mark::incomplete) || f.killed_often());
     }},
    {"adopt.poison", then::resume,
     [](const found& f) { return f.resumable() && f.crashes() >= limits.crashes_max; }},
    {"adopt.resume", then::resume, [](const found& f) { return f.resumable(); }},
    {"adopt.poison", then::apologise,
     [](const found& f) { return f.crashes() >= limits.crashes_max; }},
    {"adopt.killed_often", then::apologise,
     [](const found& f) { return f.killed_often(); }},
    {"adopt.incomplete", then::apologise, [](const found& f) { return f.has(mark::incomplete); }},
    {"adopt.not_replayable", then::apologise,
     [](const found& f) { return !f.has(mark::replayable); }},
    {"adopt.replay", then::serve, [](const found&) { return true; }},
});

const rule& rule_for(const found& f)
{
    for (const rule& r : rules) {
        if (r.when(f))
            return r;
    }
    return rules.back();
}

/// What must never happen, whatever the rules say; empty: it did not.
std::string_view offence(const found& f, const adoption_verdict& v)
{
    const connection_state& state = f.in.state;
    const bool goes_on =
        v.what == then::serve || v.what == then::apologise || v.what == then::resume;

    if (v.what != then::drop && v.given < v.composed) {
        if (v.given < state.out_base || v.composed > state.out_base + f.in.output_bytes)
            return "sends bytes that the output does not hold";
        if (!f.exact())
            return "guesses what was given";
    }
    if (v.composed < v.given && v.what != then::drop && v.what != then::close)
        return "goes on behind an answer that is cut";
    if (goes_on && !f.has(mark::incomplete) && v.taken > state.base + f.in.input_bytes &&
        !f.is(standing::free))
        return "serves bytes that the input does not hold";
    if (goes_on && !f.exact() && !v.last && v.why != "adopt.idle")
        return "goes on behind bytes that may be lost";
    if (f.exact() && !f.in.kernel.reset &&
        (v.taken != f.in.kernel.taken || v.given != f.in.kernel.given))
        return "knows better than the kernel";
    if (v.run_again && (!f.request() || v.what != then::serve || !f.has(mark::replayable) ||
                        f.has(mark::incomplete)))
        return "runs again what may not run again";
    if (v.run_again && f.produced() && v.given > state.answer)
        return "runs again what is partly answered";
    if (goes_on && f.request() && v.crashes >= limits.crashes_max && !v.poison)
        return "lets poison live";
    if (v.run_again && (v.kills >= limits.kills_max || v.outside >= limits.outside_max))
        return "runs again what died too often";
    if (v.what == then::resume && (!f.resumable() || f.has(mark::incomplete) ||
                                   v.composed != state.composed || v.body != f.body_written()))
        return "goes on where the answer was not";
    if (v.poison && (v.what == then::serve || v.crashes < limits.crashes_max))
        return "calls poison what is none";
    if (v.strike && f.in.fault != blame::crashed)
        return "blames the innocent";
    if (f.in.kernel.reset && v.what != then::drop && v.why != "adopt.left")
        return "talks to nobody";
    if (f.has(mark::until_close) && v.what == then::close && v.why == "adopt.cut")
        return "makes a cut look like an end";
    return {};
}

std::string text(const found& f)
{
    const connection_state& s = f.in.state;
    std::string line = "now " + std::to_string(static_cast<int>(s.now));
    const auto add = [&line](const char* name, std::uint64_t value) {
        line += ' ';
        line += name;
        line += ' ' + std::to_string(value);
    };
    add("marks", s.marks);
    add("input", f.in.input_bytes);
    add("output", f.in.output_bytes);
    add("taken", f.in.taken);
    add("given", f.in.given);
    add("answer", s.answer);
    add("framing", static_cast<unsigned>(s.head.framing()));
    add("body", s.body);
    add("exact", f.exact() ? 1 : 0);
    add("kernel taken", f.in.kernel.taken);
    add("kernel given", f.in.kernel.given);
    add("fault", static_cast<unsigned>(f.in.fault));
    add("crashes", s.crashes);
    add("kills", s.kills);
    add("outside", s.outside);
    return line;
}

bool same(const adoption_verdict& a, const adoption_verdict& b)
{
    return a.what == b.what && a.taken == b.taken && a.given == b.given &&
           a.composed == b.composed && a.body == b.body && a.crashes == b.crashes &&
           a.kills == b.kills && a.outside == b.outside && a.run_again == b.run_again &&
           a.last == b.last && a.poison == b.poison && a.strike == b.strike &&
           a.corrected == b.corrected && a.why == b.why;
}

}  // namespace

TEST_CASE("every combination has the verdict of the first rule that holds, and offends nobody")
{
    std::map<std::string_view, std::uint64_t> seen;
    std::uint64_t wrong = 0;
    const auto judge = [&](const adoption_input& in) {
        const found f{in};
        const adoption_verdict verdict = adopt(in, limits);
        const rule& expected = rule_for(f);
        const auto offends = offence(f, verdict);
        ++seen[verdict.why];
        if (verdict.why == expected.why && verdict.what == expected.what && offends.empty())
            return;
        if (++wrong <= 5)
            FAIL_CHECK(text(f) << ": " << verdict.why << ", expected " << expected.why << " "
                               << offends);
    };
    for_every_record([&](const adoption_input& record) {
        for_every_word(record, [&](const adoption_input& word) { for_every_history(word, judge); });
    });
    CHECK(wrong == 0);

    // Each rule was met, but those that only a broken or a fresh record reaches.
    for (const rule& r : rules) {
        CAPTURE(r.why);
        CHECK((seen[r.why] > 0 || r.why == "adopt.new"));
    }
}

TEST_CASE("marks and counts that are for others to read change no verdict")
{
    std::uint64_t wrong = 0;
    for_every_record([&](const adoption_input& record) {
        for_every_word(record, [&](adoption_input in) {
            const auto before = adopt(in, limits);
            in.state.set(mark::continue_said);
            in.state.set(mark::coroutine);
            in.state.set(mark::client_ended);
            in.kernel.client_ended = true;
            in.state.attempt = 255;
            in.state.requests = 4'000'000'000U;
            in.state.ticket = 77;
            if (!same(before, adopt(in, limits)))
                ++wrong;
        });
    });
    CHECK(wrong == 0);
}
