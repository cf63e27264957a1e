#include <cohort/observe/detail/log_line.hpp>

#include <cohort/base/append.hpp>
#include <cohort/base/decimal.hpp>
#include <cohort/base/process_id.hpp>
#include <cohort/observe/detail/error_object.hpp>
#include <cohort/observe/json_text.hpp>

#include <array>
#include <cmath>
#include <iterator>
#include <utility>

namespace cohort::log::detail {

namespace {

constexpr std::string_view cut_mark = R"(,"truncated":true)";

/// Values that say nothing about the secret stay: whether there is one, for example.
bool is_hidden(const field& one) noexcept
{
    return one.name.is(secret) && !std::holds_alternative<std::nullptr_t>(one.value) &&
           !std::holds_alternative<bool>(one.value);
}

void append_value(std::string& out, const field& one, std::size_t bytes_max)
{
    if (is_hidden(one)) {
        out += redacted_text;
        return;
    }
    std::visit(
        [&out, bytes_max](const auto& is) {
            using T = std::decay_t<decltype(is)>;
            if constexpr (std::same_as<T, std::nullptr_t>)
                out += "null";
            else if constexpr (std::same_as<T, std::string_view>)
                observe::append_json_string(out, is);
            else if constexpr (std::same_as<T, bool>)
                out += is ? "true" : "false";
            else if constexpr (std::same_as<T, double>)
                std::isfinite(is) ? fmt::format_to(std::back_inserter(out), "{}", is)
                                  : fmt::format_to(std::back_inserter(out), "null");
            else if constexpr (std::same_as<T, redacted_value>)
                out += redacted_text;
            else if constexpr (std::is_pointer_v<T>)
                append_error(out, *is, bytes_max);
            else
                append_plain(out, decimal{is}.view());
        },
        one.value);
}

/// A later field says the same name.
bool is_said_later(std::span<const field> more, std::size_t which) noexcept
{
    const std::string_view name = more[which].name.text();
    for (std::size_t i = which + 1; i < more.size(); ++i) {
        if (more[i].name.text() == name)
            return true;
    }
    return false;
}

bool is_among(std::span<const field> more, std::string_view name) noexcept
{
    for (const field& each : more) {
        if (each.name.text() == name)
            return true;
    }
    return false;
}

/// What the names of fields have in common, as far as one look at each of them tells.
struct names_said {
    std::uint64_t bits = 0;   ///< one for each name; different ones may have the same
    bool may_repeat = false;  ///< two of them may be the same
};
names_said names_of(std::span<const field> more) noexcept
{
    names_said all;
    for (const field& each : more) {
        const std::uint64_t bit = name_bit(each.name.text());
        all.may_repeat = all.may_repeat || (all.bits & bit) != 0;
        all.bits |= bit;
    }
    return all;
}

void append_bound(std::string& out, const bindings& bound, std::span<const field> more,
                  std::uint64_t bits)
{
    if ((bits & bound.name_bits()) == 0) {
        out += bound.text();
        return;
    }
    for (std::size_t i = 0; i < bound.count(); ++i) {
        if (!is_among(more, bound.name_of(i)))
            out += bound.text_of(i);
    }
}

/// `,"pid":12,"workerId":1`, which is the same for nearly all lines of a process. A value.
class origin_text {
public:
    [[nodiscard]] std::string_view of(pid_t pid, std::optional<std::uint32_t> worker)
    {
        if (text_.empty() || pid != pid_ || worker != worker_) {
            pid_ = pid;
            worker_ = worker;
            text_.assign(R"(,"pid":)").append(decimal{pid}.view());
            if (worker)
                text_.append(R"(,"workerId":)").append(decimal{*worker}.view());
        }
        return text_;
    }

private:
    pid_t pid_ = 0;
    std::optional<std::uint32_t> worker_;
    std::string text_;
};

bool append_json_head(std::string& out, const line_terms& how, const line_words& what,
                      std::size_t message_max)
{
    thread_local origin_text origin;
    std::array<char, 24> text;
    const std::string_view when = timestamp(what.when, text);
    const std::string_view level = name(what.at);
    append_by(out, 48 + when.size() + level.size(), [&](char* to) {
        to = put(put(to, R"({"timestamp":")"), when);
        return put(put(put(to, R"(","level":")"), level), R"(","message":)");
    });
    const bool whole = observe::append_json_string(out, what.message, message_max);
    out += origin.of(process_id(), how.worker);
    return whole;
}

bool append_pino_head(std::string& out, const line_terms& how, const line_words& what,
                      std::size_t message_max)
{
    const auto ms = std::chrono::floor<milliseconds>(what.when.time_since_epoch()).count();
    out.append(R"({"level":)");
    out += decimal{(std::to_underlying(what.at) + 1) * 10}.view();
    out.append(R"(,"time":)");
    out += decimal{ms}.view();
    out.append(R"(,"pid":)");
    out += decimal{process_id()}.view();
    out.append(R"(,"hostname":)");
    observe::append_json_string(out, how.hostname);
    if (how.worker) {
        out.append(R"(,"workerId":)");
        out += decimal{*how.worker}.view();
    }
    out.append(R"(,"msg":)");
    return observe::append_json_string(out, what.message, message_max);
}

// Lines are put together piece by piece: this is on the way of every request that is logged, and
// format strings would be half of what it costs.
bool append_object(std::string& out, const line_terms& how, const line_words& what,
                   std::size_t message_max)
{
    const std::size_t start = out.size();
    bool whole = how.shape == format::pino ? append_pino_head(out, how, what, message_max)
                                           : append_json_head(out, how, what, message_max);
    constexpr std::size_t tail = cut_mark.size() + 2;  // and "}\n"
    const std::size_t end_max = start + how.bytes_max - tail;
    const names_said said = names_of(what.more);
    if (what.bound != nullptr) {
        const std::size_t before = out.size();
        whole = whole && what.bound->is_whole();
        append_bound(out, *what.bound, what.more, said.bits);
        if (out.size() > end_max) {
            out.resize(before);
            whole = false;
        }
    }
    for (std::size_t i = 0; i < what.more.size(); ++i) {
        if (said.may_repeat && is_said_later(what.more, i))
            continue;
        const std::size_t before = out.size();
        append_member(out, what.more[i], end_max - before);
        if (out.size() > end_max) {
            out.resize(before);
            whole = false;
        }
    }
    if (!whole)
        out += cut_mark;
    append_plain(out, "}\n");
    return whole;
}

struct paint {
    std::string_view faint;
    std::string_view end;
    std::array<std::string_view, 6> levels;
};
constexpr paint colours{
    .faint = "\x1b[2m",
    .end = "\x1b[0m",
    .levels = {"\x1b[90m", "\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1;31m"}};
constexpr paint no_colours{};

bool is_thrown(const field& one) noexcept
{
    return !is_hidden(one) && (std::holds_alternative<const std::exception*>(one.value) ||
                               std::holds_alternative<const std::exception_ptr*>(one.value));
}

/// On a terminal, in lines of its own.
void append_thrown(std::string& out, const field& one, std::size_t bytes_max)
{
    if (const auto* const thrown = std::get_if<const std::exception*>(&one.value))
        append_error_lines(out, **thrown, bytes_max);
    else
        append_error_lines(out, *std::get<const std::exception_ptr*>(one.value), bytes_max);
}

void append_named(std::string& out, const paint& in, std::string_view called)
{
    out.append("  ").append(in.faint).append(called).append("=").append(in.end);
}

/// No dates, no quotes around the message, no control characters either.
bool append_text(std::string& out, const line_terms& how, const line_words& what,
                 std::size_t message_max)
{
    const paint& in = how.shape == format::pretty ? colours : no_colours;
    std::array<char, 24> text;
    constexpr std::string_view cut = "  truncated=true\n";
    const std::size_t end_max = out.size() + how.bytes_max - cut.size();
    out.append(in.faint).append(timestamp(what.when, text).substr(11, 12)).append(in.end);
    out.append(" ").append(in.levels[std::to_underlying(what.at)]);
    fmt::format_to(std::back_inserter(out), "{:<5}", name(what.at));
    out.append(in.end).append(" ");
    std::string safe;
    bool whole = observe::append_json_string(safe, what.message, message_max);
    out.append(safe, 1, safe.size() - 2);
    const auto add = [&](auto append) {
        const std::size_t before = out.size();
        append();
        if (out.size() > end_max) {
            out.resize(before);
            whole = false;
        }
    };
    for (std::size_t i = 0; what.bound != nullptr && i < what.bound->count(); ++i) {
        if (is_among(what.more, what.bound->name_of(i)))
            continue;
        add([&] {
            append_named(out, in, what.bound->name_of(i));
            out.append(what.bound->value_of(i));
        });
    }
    for (std::size_t i = 0; i < what.more.size(); ++i) {
        const field& one = what.more[i];
        if (is_said_later(what.more, i) || (&in == &colours && is_thrown(one)))
            continue;
        add([&] {
            safe.clear();
            observe::append_json_string(safe, one.name.text());
            append_named(out, in, std::string_view{safe}.substr(1, safe.size() - 2));
            append_value(out, one, end_max - std::min(out.size(), end_max));
        });
    }
    for (const field& one : what.more) {
        if (&in == &colours && is_thrown(one))
            append_thrown(out, one, end_max - std::min(out.size(), end_max));
    }
    out.append(whole ? "\n" : cut);
    return whole;
}

}  // namespace

std::size_t append_member(std::string& out, const field& one, std::size_t bytes_max)
{
    const std::size_t start = out.size();
    const std::string_view name = one.name.text();
    if (one.name.is(plain) && !one.name.is(reserved)) {
        append_by(out, name.size() + 4,
                  [name](char* to) { return put(put(put(to, R"(,")"), name), R"(":)"); });
        append_value(out, one, bytes_max - std::min(bytes_max, name.size() + 4));
        return name.size() + 3;
    }
    out += ',';
    observe::append_json_string(out, name);
    if (one.name.is(reserved))
        out.insert(out.size() - 1, 1, '_');
    const std::size_t name_end = out.size() - start;
    out += ':';
    append_value(out, one, bytes_max - std::min(bytes_max, name_end + 1));
    return name_end;
}

bool append_line(std::string& out, const line_terms& how, const line_words& what)
{
    // A message may use three quarters of the line; the fields have the rest and what it leaves.
    const std::size_t message_max = how.bytes_max / 4 * 3;
    const bool for_people = how.shape == format::text || how.shape == format::pretty;
    return for_people ? append_text(out, how, what, message_max)
                      : append_object(out, how, what, message_max);
}

}  // namespace cohort::log::detail
