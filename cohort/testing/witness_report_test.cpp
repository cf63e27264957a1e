#include <cohort/testing/witness_report.hpp>

#include <cohort/testing/detail/witness_book.hpp>

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include <initializer_list>
#include <string>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using detail::answer_reader;
using detail::flight;
using detail::witness_book;

namespace {

constexpr steady_time start{1h};

flight sent_at(std::uint64_t number, nanoseconds when, witness_kind kind = witness_kind::get)
{
    return {.number = number,
            .kind = kind,
            .answer_bytes = 5,
            .planned = start + when,
            .asked = start + when,
            .sent = start + when};
}

answer_reader answer(std::uint64_t number, std::string_view status = "200 OK",
                     std::string_view fields = {})
{
    answer_reader reader;
    reader.expect({.number = number, .bytes = 5});
    const std::string text =
        "HTTP/1.1 " + std::string{status} + "\r\nWitness-Number: " + std::to_string(number) +
        "\r\nContent-Length: 5\r\n" + std::string{fields} + "\r\n" + witness_body(number, 5);
    std::string_view rest = text;
    CHECK(reader.feed(rest) == answer_reader::state::done);
    return reader;
}

witness_report answered(std::uint64_t count)
{
    witness_report report;
    report.planned = report.sent = count;
    report.outcomes[0][0] = count;
    return report;
}

}  // namespace

TEST_CASE("a histogram's quantiles are at most 3 % too high, and never too low")
{
    for (const std::int64_t scale : {1, 100, 12'345, 1'000'000, 777'777'777}) {
        latency_histogram histogram;
        for (std::int64_t i = 1; i <= 1000; ++i)
            histogram.add(nanoseconds{i * scale});
        for (const double share : {0.001, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
            const auto exact = static_cast<std::int64_t>(share * 1000 + 0.5) * scale;
            const std::int64_t shown = histogram.quantile(share).count();
            CAPTURE(scale);
            CAPTURE(share);
            CHECK(shown >= exact);
            CHECK(static_cast<double>(shown) <= static_cast<double>(exact) * 1.032);
        }
        CHECK(histogram.quantile(1.0) == histogram.max());
    }
    CHECK(latency_histogram{}.quantile(0.5) == 0ns);

    latency_histogram one;
    one.add(5s);
    latency_histogram sum;
    sum.add(1ms);
    sum.add(one);
    CHECK(sum.count() == 2);
    CHECK(sum.max() == 5s);
    CHECK(sum.quantile(0.5) < 1.1ms);
}

TEST_CASE("a report that does not add up is not good, whatever it says otherwise")
{
    witness_report report = answered(10);
    CHECK(report.good());
    report.planned = 11;
    CHECK_FALSE(report.adds_up());
    CHECK_FALSE(report.good());
    CHECK(report.text().find("do not add up") != std::string::npos);
}

TEST_CASE("500 for what must not run twice is no failure; every other way to fail is one")
{
    for (std::size_t what = 0; what < witness_outcomes; ++what) {
        witness_report report = answered(10);
        report.planned = report.sent = 11;
        report.outcomes[2][what] += 1;
        CAPTURE(name(static_cast<witness_outcome>(what)));
        CHECK(report.good() == (what <= 1));
        CHECK(report.failed() == (what <= 1 ? 0 : 1));
    }
    witness_report stray = answered(10);
    stray.stray_bytes = 1;
    CHECK_FALSE(stray.good());
}

TEST_CASE("the server's counts have to agree with what was seen")
{
    witness_report report = answered(100);
    report.counts_wanted = true;
    CHECK(report.disagreement());  // it did not answer

    report.server = witness_counts{.first_runs = 100, .ended = 100};
    CHECK_FALSE(report.disagreement());
    CHECK(report.good());

    for (const witness_counts& wrong : std::initializer_list<witness_counts>{
             {.first_runs = 101, .ended = 100},                 // ran what nobody sent
             {.first_runs = 99, .ended = 99},                   // answered what never ran
             {.first_runs = 100, .ended = 101},                 // made an answer too much
             {.first_runs = 100, .ended = 100, .repeated = 1},  // ran a POST twice
             {.first_runs = 100, .ended = 100, .wrong = 1}})
    {
        report.server = wrong;
        CHECK(report.disagreement());
        CHECK_FALSE(report.good());
    }

    // After deaths some ran again, and some began and never ended.
    report.server = witness_counts{.first_runs = 99, .later_runs = 5, .ended = 102};
    CHECK_FALSE(report.disagreement());
}

TEST_CASE("a mark is met by the first answer to what was sent after it, also if it comes late")
{
    witness_book book;
    book.begin(start, 1);
    book.mark({.at = start + 10ms, .slot = {}, .next_answer = {}});
    book.mark({.at = start + 10ms, .slot = 3, .next_answer = {}});
    book.answered(sent_at(1, 9ms), answer(1), start + 12ms);
    CHECK_FALSE(book.report().marks[0].next_answer);

    book.answered(sent_at(2, 10ms), answer(2), start + 13ms);
    CHECK(book.report().marks[0].next_answer == 3ms);
    CHECK_FALSE(book.report().marks[1].next_answer);

    book.answered(sent_at(3, 11ms), answer(3, "200 OK", "Witness-Slot: 3\r\n"), start + 15ms);
    CHECK(book.report().marks[0].next_answer == 3ms);
    CHECK(book.report().marks[1].next_answer == 5ms);

    book.mark({.at = start + 8ms, .slot = {}, .next_answer = {}});
    CHECK(book.report().marks[2].next_answer == 4ms);
}

TEST_CASE("answers are judged by status, number, body and whether they may run twice")
{
    witness_book book;
    book.begin(start, 1);
    book.plan(6);
    book.answered(sent_at(1, 0ms), answer(1, "200 OK", "Witness-Attempt: 3\r\n"), start + 1ms);
    book.answered(sent_at(2, 0ms, witness_kind::post), answer(2, "500 Oops"), start + 1ms);
    book.answered(sent_at(3, 0ms), answer(3, "500 Oops"), start + 1ms);
    book.answered(sent_at(4, 0ms, witness_kind::post), answer(4, "503 Busy"), start + 1ms);
    book.failed(sent_at(5, 0ms), witness_outcome::eof, start + 2ms, "gone");
    book.unsent(witness_kind::put, 1);

    const witness_report& report = book.report();
    CHECK(report.adds_up());
    CHECK(report.count(witness_outcome::ok) == 1);
    CHECK(report.count(witness_outcome::answered_500) == 1);
    CHECK(report.count(witness_outcome::status) == 2);
    CHECK(report.count(witness_kind::put, witness_outcome::unsent) == 1);
    CHECK(report.replayed == 1);
    CHECK(report.attempts_max == 3);
    CHECK(report.failures.size() == 3);
    CHECK(report.failures.back().detail == "gone");
    CHECK(report.text().find("HTTP/1.1 503 Busy") != std::string::npos);
}

TEST_CASE("the report as JSON has every outcome, also those that did not happen")
{
    const boost::json::object json = answered(3).json();
    CHECK(json.at("good").as_bool());
    CHECK(json.at("outcomes").as_object().size() == witness_outcomes);
    CHECK(json.at("outcomes").at("ok") == 3);
    CHECK(json.at("kinds").as_object().size() == 1);
    CHECK(json.at("server").is_null());
    CHECK(boost::json::serialize(json).find("\"p99_9\"") != std::string::npos);
}
