#include <cohort/cli/top_view.hpp>

#include <cohort/cli/footprint.hpp>
#include <cohort/cli/top_lists.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/control/oddness.hpp>
#include <cohort/control/silence.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

namespace cohort::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t events_least = 3;  // lines, where rows need the rest
constexpr std::size_t bars_max = 120;

double real_or_zero(const json::object& in, std::string_view key)
{
    return real_at(in, key).value_or(0);
}

std::string bytes_at(const json::object& in, std::string_view key)
{
    const auto bytes = real_at(in, key);
    return text_of(bytes ? std::optional{static_cast<std::uint64_t>(*bytes)} : std::nullopt);
}

std::string age_at(const json::object& in)
{
    const auto length = number_at(in, "uptime_ms");
    return length ? text_of(milliseconds{*length}) : std::string{"-"};
}

struct row {
    const json::object* slot;
    double oddness;
    std::size_t place;  // in the survey
};

/// Who does not serve comes first.
std::vector<row> sorted(const json::object& survey, top_order order)
{
    const auto slots = objects_at(survey, "slots");
    const auto compared = top_oddness(slots);
    std::vector<row> rows;
    rows.reserve(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i)
        rows.emplace_back(slots[i], real_at(*slots[i], "oddness").value_or(compared[i]), i);
    const auto rank = [order](const row& each) -> std::tuple<bool, double> {
        const json::object& of = *each.slot;
        switch (order) {
            case top_order::oddness:
                // In steps: rows shall not change places all the time.
                return {text_at(of, "stage") == "serving", -std::round(each.oddness * 2)};
            case top_order::requests:
                return {false, -real_or_zero(of, "requests_per_s")};
            case top_order::processor:
                return {false, -real_or_zero(of, "processor_now")};
            case top_order::memory:
                return {false, -real_or_zero(of, "memory_bytes")};
            case top_order::restarts:
                return {false, -real_or_zero(of, "restarts")};
            case top_order::slot:
                break;
        }
        return {false, 0};
    };
    std::ranges::sort(rows, {},
                      [&rank](const row& each) { return std::pair{rank(each), each.place}; });
    return rows;
}

struct column {
    std::string_view head;
    table::side side;
    unsigned weight;  ///< the lightest are left out first; 0: never
};

constexpr auto columns = std::to_array<column>({
    {"slot", table::side::left, 0},
    {"stage", table::side::left, 0},
    {"pid", table::side::right, 6},
    {"gen", table::side::right, 1},
    {"uptime", table::side::right, 4},
    {"restarts", table::side::right, 7},
    {"req/s", table::side::right, 9},
    {"err/s", table::side::right, 6},
    {"busy", table::side::right, 6},
    {"lag", table::side::right, 5},
    {"running", table::side::right, 5},
    {"conns", table::side::right, 3},
    {"lanes", table::side::right, 1},
    {"fds", table::side::right, 1},
    {"memory", table::side::right, 8},
    {"cpu", table::side::right, 8},
    {"last end", table::side::left, 2},
});
using cells = std::array<table::cell, columns.size()>;

cells cells_of(const row& of)
{
    const json::object& slot = *of.slot;
    std::string stage = text_at(slot, "stage");
    tone how = tone_of(stage);
    if (const auto silent = control::silence_of(slot)) {
        stage += ", silent " + text_of(*silent);
        how = tone::bad;
    } else if (of.oddness >= control::odd_from) {
        stage += ", odd";
        how = tone::warning;
    }
    std::string last = text_at(slot, "parked");
    if (const json::object* const end = object_at(slot, "last_end"); last.empty() && end)
        last = text_at(*end, "reason");
    const bool counts = number_at(slot, "beat_ms").has_value();
    const std::string errors = rate_text(real_at(slot, "errors_per_s"));
    const auto counted = [&](std::string_view key) {
        return counts ? count_at(slot, key) : std::string{"-"};
    };
    return {{{text_at(slot, "name"), tone::strong},
             {stage, how},
             count_at(slot, "pid"),
             count_at(slot, "generation"),
             age_at(slot),
             count_at(slot, "restarts"),
             counts ? rate_text(real_at(slot, "requests_per_s")) : std::string{"-"},
             {errors, errors == "-" || errors == "0" ? tone::plain : tone::bad},
             percent_text(real_at(slot, "utilisation")),
             lag_text(real_at(slot, "lag_p99_ms")),
             counted("running"),
             counted("connections"),
             number_at(slot, "lanes") ? count_at(slot, "lanes_busy") + "/" + count_at(slot, "lanes")
                                      : std::string{"-"},
             count_at(slot, "fds"),
             bytes_at(slot, "memory_bytes"),
             percent_text(real_at(slot, "processor_now")),
             {last, tone::faint}}};
}

/// Which columns there is room for, and how wide they are; 0: not shown.
std::array<std::size_t, columns.size()> widths_of(const std::vector<cells>& rows, std::size_t room)
{
    std::array<std::size_t, columns.size()> widths{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        widths[i] = width_of(columns[i].head);
        for (const cells& each : rows)
            widths[i] = std::max(widths[i], width_of(each[i].text));
    }
    constexpr std::size_t mark = 2;  // of the chosen row
    const auto whole = [&] {
        std::size_t sum = mark;
        for (const std::size_t width : widths)
            sum += width == 0 ? 0 : width + gap;
        return sum - gap;
    };
    // The last one is cut instead, as long as some of it can be read.
    constexpr std::size_t readable = 16;
    widths.back() = std::min(widths.back(), readable);
    for (unsigned weight = 1; weight < 10; ++weight) {
        for (std::size_t i = 0; i < columns.size() && whole() > room; ++i) {
            if (columns[i].weight == weight)
                widths[i] = 0;
        }
    }
    if (widths.back() != 0 && whole() < room)
        widths.back() += room - whole();
    return widths;
}

top_line line_of(const cells& of, const std::array<std::size_t, columns.size()>& widths,
                 bool chosen)
{
    top_line line{.pieces = {}, .chosen = chosen};
    line.pieces.emplace_back(chosen ? "> " : "  ");
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (widths[i] == 0)
            continue;
        const std::size_t width = width_of(of[i].text);
        const std::string room(width < widths[i] ? widths[i] - width : 0, ' ');
        if (columns[i].side == table::side::right)
            line.pieces.emplace_back(room);
        line.pieces.push_back(of[i]);
        line.pieces.emplace_back(columns[i].side == table::side::left ? room + "  " : "  ");
    }
    return line;
}

top_line head_of(const json::object& survey)
{
    std::string stage = text_at(survey, "stage");
    const auto serving = number_at(survey, "serving");
    if (stage == "serving" && serving != number_at(survey, "wanted"))
        stage = "degraded";
    const tone how = stage == "degraded" ? tone::bad : tone_of(stage);
    top_line line;
    line.pieces.emplace_back(text_at(survey, "app"), tone::strong);
    line.pieces.emplace_back("  ");
    line.pieces.emplace_back(stage, how);
    line.pieces.emplace_back(
        fmt::format("  {}/{} workers  ", count_at(survey, "serving"), count_at(survey, "wanted")));
    line.pieces.emplace_back(rate_text(real_at(survey, "requests_per_s")), tone::strong);
    line.pieces.emplace_back(" req/s");
    if (const std::string errors = rate_text(real_at(survey, "errors_per_s")); errors != "-")
        line.pieces.emplace_back(fmt::format("  {} err/s", errors),
                                 errors == "0" ? tone::plain : tone::bad);
    if (const auto slowest = real_at(survey, "p99_ms"))
        line.pieces.emplace_back(fmt::format("  p99 {}", lag_text(slowest)));
    line.pieces.emplace_back(fmt::format("  {}  up {}  generation {}",
                                         bytes_at(survey, "memory_bytes"), age_at(survey),
                                         count_at(survey, "generation")));
    if (const json::object* const memory = object_at(survey, "memory"))
        line.pieces.emplace_back(fmt::format("  shared {} of {}", bytes_at(*memory, "shared_bytes"),
                                             bytes_at(*memory, "shared_room")));
    return line;
}

/// What does not fit is left out, with a mark: terminals write it over the last column.
void fit(top_line& line, std::size_t width)
{
    const std::string whole = line.text();
    if (width_of(whole) <= width)
        return;
    const bool only_blanks = width_of(whole.substr(0, whole.find_last_not_of(' ') + 1)) <= width;
    std::size_t room = only_blanks || width == 0 ? width : width - 1;
    for (table::cell& each : line.pieces) {
        const std::size_t its = width_of(each.text);
        if (its > room)
            each.text = std::string{cut(each.text, room)};
        room -= std::min(its, room);
    }
    if (!only_blanks && width > 0)
        line.pieces.emplace_back("…", tone::faint);
}

/// As many rows as there is room for, around the chosen one.
void add_rows(std::vector<top_line>& to, const json::object& survey, const top_choice& choice,
              std::size_t width, std::size_t room)
{
    const auto rows = sorted(survey, choice.order);
    std::vector<cells> all;
    std::size_t chosen = 0;
    for (const row& each : rows) {
        if (text_at(*each.slot, "name") == choice.slot)
            chosen = all.size();
        all.push_back(cells_of(each));
    }
    const auto widths = widths_of(all, width);
    const cells heads = []<std::size_t... I>(std::index_sequence<I...>) {
        return cells{table::cell{std::string{columns[I].head}, tone::faint}...};
    }(std::make_index_sequence<columns.size()>{});
    to.push_back(line_of(heads, widths, false));
    const std::size_t shown = all.size() <= room ? all.size() : std::max<std::size_t>(room, 2) - 1;
    const std::size_t first =
        std::min(chosen < shown ? 0 : chosen - shown + 1, all.size() - std::min(shown, all.size()));
    for (std::size_t i = first; i < all.size() && i < first + shown; ++i)
        to.push_back(line_of(all[i], widths, text_at(*rows[i].slot, "name") == choice.slot));
    if (shown < all.size()) {
        to.push_back(top_line::of(fmt::format("  … {} more", all.size() - shown), tone::faint));
    }
}

}  // namespace

top_line top_line::of(std::string text, tone how)
{
    top_line line;
    line.pieces.emplace_back(std::move(text), how);
    return line;
}

std::string top_line::text() const
{
    std::string all;
    for (const table::cell& each : pieces)
        all += each.text;
    return all;
}

std::vector<std::string> top_slots(const std::vector<top_look>& looks, top_order order)
{
    std::vector<std::string> all;
    for (const top_look& each : looks) {
        for (const row& one : sorted(each.survey, order))
            all.push_back(text_at(*one.slot, "name"));
    }
    return all;
}

std::vector<top_line> top_lines(const std::vector<top_look>& looks, const top_choice& choice,
                                unsigned width, unsigned height)
{
    height = std::max(height, 2U);
    std::vector<top_line> all;
    if (looks.empty())
        all.push_back(top_line::of("no cohort runs here", tone::plain));
    // The last line is for the keys; the others are shared out among the cohorts.
    const std::size_t each_has = looks.empty() ? 0 : (height - 1) / looks.size();
    for (const top_look& each : looks) {
        if (!each.problem.empty()) {
            all.push_back(top_line::of(each.problem, tone::bad));
            continue;
        }
        const std::size_t begun = all.size();
        all.push_back(head_of(each.survey));
        if (const std::string why = text_at(each.survey, "reason"); !why.empty())
            all.push_back(top_line::of(why, tone::warning));
        if (const std::string lost = top_losses(each.survey); !lost.empty())
            all.push_back(top_line::of(lost, tone::faint));
        if (each.history.size() > 1)
            all.push_back(top_line::of(
                top_bars(each.history, std::min<std::size_t>(width, bars_max)), tone::faint));
        // The table's head, and an empty line on either side of it; on a low terminal rows come
        // before events.
        constexpr std::size_t around = 3, low = 14;
        const std::size_t kept = each_has < low ? 0 : events_least;
        const std::size_t used = all.size() - begun + around + kept;
        add_rows(all, each.survey, choice, width, each_has > used ? each_has - used : 1);
        all.push_back({});
        if (const std::size_t taken = all.size() - begun; taken + 1 < each_has) {
            std::ranges::move(top_lists(each, width, each_has - taken - 1),
                              std::back_inserter(all));
            all.push_back({});
        }
    }
    all.resize(std::min<std::size_t>(all.size(), height - 1));
    if (choice.message.empty())
        all.push_back(
            top_line::of(fmt::format("q leaves  ↑↓ choose  s sorts: {}  d drains  u resumes",
                                     name_of(choice.order)),
                         tone::faint));
    else
        all.push_back(top_line::of(choice.message, tone::strong));
    for (top_line& each : all)
        fit(each, width);
    return all;
}

}  // namespace cohort::cli
