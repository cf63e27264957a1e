#include <cohort/config/detail/pairs.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/config/detail/kinds.hpp>

#include <fmt/format.h>

namespace cohort::config::detail {

namespace {

constexpr std::string_view never = "never";
constexpr std::string_view in = " in ";

/// The window of "never in 1m" has no effect, but settings that are sent must come back the same.
bool read_window(std::string_view text, restart& r)
{
    const std::size_t at = text.find(in);
    if (at == std::string_view::npos)
        return false;
    const std::string_view count = text.substr(0, at);
    const auto deaths = count == never ? 0U : parse_integer<unsigned>(count).value_or(0);
    const auto window = parse_time(text.substr(at + in.size()));
    if (!window || (deaths == 0 && count != never))
        return false;
    r.give_up_deaths = deaths;
    r.give_up_window = *window;
    return true;
}

}  // namespace

void backoff_pair::read(const entry& v, settings& s)
{
    const auto text = v.text();
    if (!text)
        return;
    const std::string_view all = *text;
    const std::size_t dots = all.find("..");
    if (dots != std::string_view::npos) {
        const auto first = parse_time(all.substr(0, dots));
        const auto ceiling = parse_time(all.substr(dots + 2));
        if (first && ceiling) {
            s.restart.backoff_first = *first;
            s.restart.backoff_ceiling = *ceiling;
            return;
        }
    }
    v.complain("must be two durations with their units, such as \"100ms..30s\"");
}

std::string backoff_pair::literal(const settings& s)
{
    return quote(fmt::format("{}..{}", text_of(s.restart.backoff_first),
                             text_of(s.restart.backoff_ceiling)));
}

void give_up_pair::read(const entry& v, settings& s)
{
    const auto text = v.text();
    if (!text)
        return;
    if (*text == never) {
        s.restart.give_up_deaths = 0;
        s.restart.give_up_window = restart{}.give_up_window;
    } else if (!read_window(*text, s.restart)) {
        v.complain("must be a number and a duration with its unit, such as \"5 in 30s\", or "
                   "\"never\"");
    }
}

std::string give_up_pair::literal(const settings& s)
{
    const restart& r = s.restart;
    if (r.give_up_deaths == 0 && r.give_up_window == restart{}.give_up_window)
        return quote(never);
    const std::string count =
        r.give_up_deaths == 0 ? std::string{never} : std::to_string(r.give_up_deaths);
    return quote(fmt::format("{}{}{}", count, in, text_of(r.give_up_window)));
}

void drain_words::read(const entry& v, settings& s)
{
    const auto text = v.text_or_number();
    if (text == "auto")
        s.stop.drain.reset();
    else
        put(parsed(v, text, parse_time), s.stop.drain);
}

std::string drain_words::literal(const settings& s)
{
    return quote(s.stop.drain ? text_of(*s.stop.drain) : "auto");
}

void address_or_off::read(const entry& v, settings& s)
{
    const auto text = v.text_or_number();
    if (text == "off")
        s.admin.http.clear();
    else
        put(text, s.admin.http);
}

std::string address_or_off::literal(const settings& s)
{
    return quote(s.admin.http.empty() ? "off" : s.admin.http);
}

void variables::read(const entry& v, settings& s)
{
    auto given = v.variables();
    if (!given)
        return;
    for (auto& [name, value] : *given) {
        s.env.erase(name);
        s.secrets.erase(name);
        if (auto* text = std::get_if<std::string>(&value))
            s.env.emplace(name, std::move(*text));
        else
            s.secrets.emplace(name, std::move(std::get<secret>(value)));
    }
}

std::string variables::literal(const settings& s)
{
    std::string all;
    const auto add = [&all](const std::string& name, const std::string& value) {
        all += fmt::format("{}{} = {}", all.empty() ? "" : ", ", quote(name), value);
    };
    for (const auto& [name, value] : s.env)
        add(name, quote(value));
    for (const auto& [name, from] : s.secrets)
        add(name, from.file.empty() ? fmt::format("{{fd = {}}}", from.fd)
                                    : fmt::format("{{file = {}}}", quote(from.file)));
    return "{" + all + "}";
}

}  // namespace cohort::config::detail
