#include <cohort/config/environment.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/config/detail/entry.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace cohort::config {

namespace {

constexpr std::string_view prefix = "COHORT_";
constexpr const char* source = "environment";

/// Besides the keys: what workers and primaries are told, which environment of the file is meant,
/// and what has to be known before anything is read (log::thrown_stacks_variable).
constexpr auto others =
    std::to_array<std::string_view>({"ENV", "BACKGROUND", "CHANNEL_FD", "WORKER_ID", "SLOT", "APP",
                                     "GENERATION", "OUTPUT_READ", "THROWN_STACKS"});

std::optional<std::string_view> value_of(const variable_reader& variable, const char* name)
{
    const auto found = variable(name);
    return found && !found->empty() ? found : std::nullopt;
}

toml::array list_in(std::string_view text)
{
    toml::array all;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        more = comma != std::string_view::npos;
        all.push_back(std::string{text.substr(0, comma)});
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    return all;
}

/// What the file would have at this place.
void read_as(const key& which, std::string_view text, detail::desk& list, const char* name,
             settings& s)
{
    const auto read = [&](const toml::node& node) {
        which.read(detail::entry{list, name, node}, s);
    };
    if (which.form == shape::list) {
        const bool hole = (',' + std::string{text} + ',').find(",,") != std::string::npos;
        return hole ? list.complain({}, name, "must be texts, separated by commas, none empty")
                    : read(list_in(text));
    }
    if (which.form == shape::number) {
        if (const auto number = parse_integer<std::int64_t>(text))
            return read(toml::value<std::int64_t>{*number});
    }
    if (which.form == shape::choice) {
        if (const auto on = parse_switch(text))
            return read(toml::value<bool>{*on});
    }
    read(toml::value<std::string>{std::string{text}});
}

bool has_port(std::string_view address) noexcept
{
    return !address.starts_with("unix:") && !address.starts_with("fd:") &&
           !address.starts_with("udp:");
}

/// "8080" -> port; "host:8080", "tcp://[::1]:8080" -> the same with another port.
std::string with_port(std::string_view address, std::string_view port)
{
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos)
        return std::string{port};
    return std::string{address.substr(0, colon + 1)} + std::string{port};
}

void apply_port(settings& s, std::string_view port, detail::desk& list)
{
    if (!parse_integer<std::uint16_t>(port)) {
        list.complain({}, "PORT", "must be 0 to 65535");
        return;
    }
    const auto first = std::ranges::find_if(s.listen, has_port);
    if (first == s.listen.end())
        s.listen.insert(s.listen.begin(), std::string{port});
    else
        *first = with_port(*first, port);
}

}  // namespace

std::string variable_of(const key& which)
{
    std::string name{prefix};
    for (const char c : which.name)
        name += c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

std::vector<problem> apply_environment(settings& s, const variable_reader& variable)
{
    detail::desk list{source};
    const auto workers = value_of(variable, "WEB_CONCURRENCY");
    if (workers && !value_of(variable, "COHORT_WORKERS"))
        read_as(*find_key("workers"), *workers, list, "WEB_CONCURRENCY", s);
    const auto port = value_of(variable, "PORT");
    if (port && !value_of(variable, "COHORT_LISTEN"))
        apply_port(s, *port, list);
    for (const key& k : catalogue()) {
        if (k.form == shape::table)
            continue;
        const std::string name = variable_of(k);
        if (const auto text = value_of(variable, name.c_str()))
            read_as(k, *text, list, name.c_str(), s);
    }
    return list.take();
}

std::vector<problem> apply_environment(settings& s)
{
    return apply_environment(s, [](const char* name) -> std::optional<std::string_view> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string_view>{value} : std::nullopt;
    });
}

std::vector<problem> unknown_variables(const std::vector<std::string_view>& names)
{
    std::vector<std::string> known;
    for (const key& k : catalogue()) {
        if (k.form != shape::table)
            known.push_back(variable_of(k).substr(prefix.size()));
    }
    known.insert(known.end(), others.begin(), others.end());
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    std::vector<problem> slips;
    for (const std::string_view name : names) {
        if (!name.starts_with(prefix))
            continue;
        const std::string_view rest = name.substr(prefix.size());
        const std::string_view near = nearest(rest, candidates);
        if (near.empty() || std::ranges::find(candidates, rest) != candidates.end())
            continue;
        slips.push_back({source, 0, 0, std::string{name},
                         fmt::format("unknown variable; did you mean {}{}? We go on without it",
                                     prefix, near)});
    }
    return slips;
}

std::vector<problem> unknown_variables()
{
    std::vector<std::string_view> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        names.push_back(text.substr(0, text.find('=')));
    }
    return unknown_variables(names);
}

}  // namespace cohort::config
