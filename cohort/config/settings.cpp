#include <cohort/config/settings.hpp>

#include <cohort/config/app_name.hpp>
#include <cohort/config/detail/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace cohort::config {

namespace {

using detail::parse_name;
using detail::plain;
using detail::within;

constexpr std::array<std::string_view, 5> policies{"balanced", "round_robin", "least_connections",
                                                   "reuseport", "sticky"};
constexpr std::array<std::string_view, 5> protocols{"auto", "cohort", "node", "sockets", "none"};
constexpr auto switch_words = std::to_array<std::pair<std::string_view, bool>>({
    {"on", true},
    {"off", false},
    {"true", true},
    {"false", false},
    {"1", true},
    {"0", false},
});

bool is_variable(std::string_view name) noexcept
{
    return !name.empty() && plain(name) && name.find('=') == std::string_view::npos;
}

bool is_secret(const secret& s) noexcept
{
    return s.file.empty() ? within(s.fd, 3, 1 << 20) : s.fd == -1 && plain(s.file);
}

std::vector<problem> own_problems(const settings& s)
{
    constexpr std::size_t endpoints_max = 64;
    constexpr std::size_t variables_max = 1000;
    complaints list{""};
    list.unless(is_app_name(s.name), "name", app_name_rule);
    list.unless(plain(s.exec), "exec", "without NUL");
    list.unless(std::ranges::all_of(s.args, plain), "args", "without NUL");
    list.unless(s.args.empty() || !s.exec.empty(), "args", "empty without `exec`");
    list.unless(plain(s.cwd), "cwd", "without NUL");
    for (const auto& [name, value] : s.env)
        list.unless(is_variable(name) && plain(value), "env",
                    "names without '=', and texts without NUL");
    for (const auto& [name, from] : s.secrets)
        list.unless(is_variable(name) && is_secret(from) && !s.env.contains(name), "env",
                    "names without '=', each with a text, or a file, or a descriptor from 3");
    list.unless(s.env.size() + s.secrets.size() <= variables_max, "env", "at most 1000 variables");
    list.unless(plain(s.user), "user", "without NUL");
    list.unless(plain(s.group), "group", "without NUL");
    list.unless(s.group.empty() || !s.user.empty(), "group", "empty without `user`");
    const auto is_twice = [&s](const std::string& a) {  // port 0 is another one each time
        return !a.ends_with(":0") && std::ranges::count(s.listen, a) > 1;
    };
    const auto address = [](const std::string& a) { return !a.empty() && plain(a); };
    list.unless(s.listen.size() <= endpoints_max && std::ranges::all_of(s.listen, address),
                "listen", "at most 64 addresses, none empty");
    list.unless(s.listen.size() > endpoints_max || std::ranges::none_of(s.listen, is_twice),
                "listen", "no address twice");
    list.unless(within(s.backlog, 1U, 65'535U), "backlog", "1 to 65535");
    list.unless(within(s.lanes, 1U, 64U), "lanes", "1 to 64");
    return std::move(list).take();
}

}  // namespace

result<policy> parse_policy(std::string_view text)
{
    return parse_name<policy>(text, policies, "read a way to balance, one of");
}

std::string_view name_of(policy which) noexcept { return policies[std::to_underlying(which)]; }

result<bool> parse_switch(std::string_view text)
{
    for (const auto& [word, meaning] : switch_words) {
        if (word == text)
            return meaning;
    }
    return failed(errc::bad_value, "read a switch, on or off, from", fmt::format("\"{}\"", text));
}

result<protocol> parse_protocol(std::string_view text)
{
    return parse_name<protocol>(text, protocols, "read what the worker speaks, one of");
}

std::string_view name_of(protocol which) noexcept { return protocols[std::to_underlying(which)]; }

std::vector<problem> problems(const settings& s)
{
    std::vector<problem> all = own_problems(s);
    for (auto&& part : {problems(s.ready), problems(s.health), problems(s.crash),
                        problems(s.restart), problems(s.stop), problems(s.reload),
                        problems(s.recycle), problems(s.scaling), problems(s.limit),
                        problems(s.tls), problems(s.sandbox), problems(s.log), problems(s.admin)})
        std::ranges::copy(part, std::back_inserter(all));
    return all;
}

}  // namespace cohort::config
