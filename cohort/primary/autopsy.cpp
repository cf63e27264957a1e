#include <cohort/primary/autopsy.hpp>

#include <cohort/primary/stack_report.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/registers.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace cohort::primary {

namespace {

namespace json = boost::json;
using board::flight_kind;
using board::flight_moment;

constexpr std::string_view name(flight_kind of) noexcept
{
    constexpr auto names =
        std::to_array<std::string_view>({"none", "begun", "answered", "cut", "stage", "signal",
                                         "adopted", "handed", "note", "taken"});
    static_assert(names.size() == std::to_underlying(board::flight_kind_last) + 1);
    return names[std::to_underlying(of)];
}

bool is_request(const flight_moment& what) noexcept
{
    return what.kind == flight_kind::begun || what.kind == flight_kind::answered ||
           what.kind == flight_kind::cut;
}

std::string connection_of(const flight_moment& what)
{
    return (what.subject & board::flight_no_descriptor) != 0
               ? std::string{"a stream of HTTP/2"}
               : fmt::format("connection {}", what.subject);
}

bool is_of_connections(const flight_moment& what) noexcept
{
    return what.kind == flight_kind::adopted || what.kind == flight_kind::handed ||
           what.kind == flight_kind::taken;
}

/// So many of them.
std::string connections(const flight_moment& what)
{
    return fmt::format("{} connection{}", what.subject, what.subject == 1 ? "" : "s");
}

double milliseconds_of(std::uint64_t ns) noexcept { return static_cast<double>(ns) / 1e6; }

std::span<const flight_moment> last_of(const board::flight_reading& of, std::size_t most)
{
    const std::span all{of.events};
    return all.last(std::min(all.size(), most));
}

/// Before its death; coarse clocks may make it seem to have been after it.
std::uint64_t age_of(const flight_moment& what, const autopsy& one) noexcept
{
    return one.died_ns > what.when_ns ? one.died_ns - what.when_ns : 0;
}

void tell_registers(const board::crash_reading& of, std::string& text)
{
    constexpr std::size_t a_line = 3;
    if (of.registers.empty())
        return;
    text += "registers\n";
    for (std::size_t i = 0; i < std::min(of.registers.size(), process::register_names.size()); ++i)
        text += fmt::format("{}{:>6} {:016x}{}", i % a_line == 0 ? "   " : " ",
                            process::register_names[i], of.registers[i],
                            i % a_line == a_line - 1 ? "\n" : "");
    if (text.back() != '\n')
        text += '\n';
}

void tell_flight(const autopsy& one, std::size_t most, std::string& text)
{
    const board::flight_reading& flight = *one.flight;
    const auto running = in_flight(flight);
    if (!running.empty())
        text += "requests in flight\n";
    for (const flight_moment& each : running)
        text += fmt::format("    {}, begun {:.0f} ms before\n", words_of(each),
                            milliseconds_of(age_of(each, one)));
    const auto events = last_of(flight, most);
    if (!events.empty())
        text += fmt::format("last events ({} of {}; ms before its end was seen)\n", events.size(),
                            flight.total);
    for (const flight_moment& each : events)
        text +=
            fmt::format("    {:>9.0f}  {}\n", milliseconds_of(age_of(each, one)), words_of(each));
    if (!flight.lines.empty())
        text += "last lines of its log\n";
    for (const std::string& each : flight.lines)
        text += fmt::format("    {}\n", each);
}

json::object to_json(const flight_moment& what, const autopsy& one)
{
    json::object words{{"event", name(what.kind)}};
    words["before_ms"] = milliseconds_of(age_of(what, one));
    words["text"] = what.text;
    if (what.kind == flight_kind::answered || what.kind == flight_kind::cut) {
        words["status"] = what.number;
        words["took_ms"] = milliseconds_of(static_cast<std::uint64_t>(what.took.count()));
    } else if (what.kind == flight_kind::handed || what.kind == flight_kind::taken) {
        words["slot"] = what.number;
    } else if (what.number != 0) {
        words["number"] = what.number;
    }
    if (is_request(what))
        words["connection"] = what.subject;
    else if (is_of_connections(what))
        words["connections"] = what.subject;
    else if (what.subject != 0)
        words["subject"] = what.subject;
    return words;
}

json::array to_json(std::span<const flight_moment> all, const autopsy& one)
{
    json::array list;
    for (const flight_moment& each : all)
        list.emplace_back(to_json(each, one));
    return list;
}

json::object to_json(const memory_facts& of)
{
    json::object words;
    const auto put = [&words](std::string_view name, std::uint64_t bytes) {
        if (bytes != 0)
            words[name] = bytes;
    };
    put("resident_bytes", of.resident);
    put("limit_bytes", of.bound);
    put("slot_peak_bytes", of.peak);
    return words;
}

json::object registers_of(const board::crash_reading& of)
{
    json::object words;
    for (std::size_t i = 0; i < std::min(of.registers.size(), process::register_names.size()); ++i)
        words[process::register_names[i]] = fmt::format("{:#x}", of.registers[i]);
    return words;
}

}  // namespace

std::vector<flight_moment> in_flight(const board::flight_reading& of)
{
    std::vector<flight_moment> running;
    for (const flight_moment& each : of.events) {
        if (!is_request(each))
            continue;
        std::erase_if(running, [&](const flight_moment& r) { return r.subject == each.subject; });
        if (each.kind == flight_kind::begun)
            running.push_back(each);
    }
    return running;
}

std::string words_of(const flight_moment& what)
{
    const double took = milliseconds_of(static_cast<std::uint64_t>(what.took.count()));
    switch (what.kind) {
        case flight_kind::begun:
            return fmt::format("{} on {}", what.text, connection_of(what));
        case flight_kind::answered:
            return fmt::format("{} in {:.1f} ms: {} on {}", what.number, took,
                               what.text.empty() ? "no route" : what.text, connection_of(what));
        case flight_kind::cut:
            return fmt::format("cut after {:.1f} ms: {} on {}", took,
                               what.text.empty() ? "no route" : what.text, connection_of(what));
        case flight_kind::stage:
            return what.number == 0 ? what.text
                                    : fmt::format("{} (exit code {})", what.text, what.number);
        case flight_kind::signal:
            return words_of_sender(
                {.signal = what.number, .process = what.subject, .user = 0, .name = what.text}, 0);
        case flight_kind::adopted:
            return fmt::format("{} of a dead worker went on here", connections(what));
        case flight_kind::handed:
            return what.text.empty()
                       ? fmt::format("{} went on in slot {}", connections(what), what.number)
                       : fmt::format("{} went on in its successor", connections(what));
        case flight_kind::taken:
            return fmt::format("{} of slot {} went on here", connections(what), what.number);
        case flight_kind::note:
        case flight_kind::none:
            break;
    }
    return what.text;
}

std::string story_of(const autopsy& one, const process::frame_finder& names, std::size_t events_max)
{
    std::string text;
    if (one.crash) {
        text += text_of(*one.crash, names);
        tell_registers(*one.crash, text);
    }
    if (!one.build_id.empty())
        text += fmt::format("build id {}\n", one.build_id);
    if (const std::string had = words_of(one.memory); !had.empty())
        text += fmt::format("memory {}\n", had);
    text += one.stacks;
    if (one.flight)
        tell_flight(one, events_max, text);
    return text;
}

json::object to_json(const autopsy& one, const process::frame_finder& names, std::size_t events_max)
{
    json::object words{{"cause", primary::name(one.what.cause)}};
    words["cause_words"] = one.what.words;
    if (!one.build_id.empty())
        words["build_id"] = one.build_id;
    words["memory"] = to_json(one.memory);
    if (one.crash) {
        words["address"] = fmt::format("{:#x}", one.crash->address);
        words["thread"] = one.crash->thread;
        words["request"] = one.crash->stack.errand;
        words["exception"] = words_of_exception(*one.crash);
        words["stack"] = to_json(one.crash->stack, names);
        words["registers"] = registers_of(*one.crash);
    }
    if (one.sender)
        words["killed_by"] = json::object{
            {"pid", one.sender->process}, {"user", one.sender->user}, {"name", one.sender->name}};
    if (one.flight) {
        words["in_flight"] = to_json(in_flight(*one.flight), one);
        words["events"] = to_json(last_of(*one.flight, events_max), one);
        words["events_total"] = one.flight->total;
        json::array lines;
        for (const std::string& each : one.flight->lines)
            lines.emplace_back(each);
        words["log"] = std::move(lines);
    }
    return words;
}

}  // namespace cohort::primary
