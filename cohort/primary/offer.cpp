#include <cohort/primary/offer.hpp>

#include <cohort/net/endpoint.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/process/background.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cohort::primary {

namespace {

constexpr std::size_t name_bytes_max = 255;

}  // namespace

config::protocol spoken_by(const config::settings& settings, build made) noexcept
{
    if (settings.speaks != config::protocol::automatic || made == build::unknown)
        return settings.speaks;
    return config::protocol::cohort;
}

std::string name_for(std::string_view endpoint)
{
    std::string name{endpoint.substr(0, name_bytes_max)};
    std::ranges::replace_if(name, [](char c) { return c <= ' ' || c == ':' || c == '\x7f'; }, '-');
    return name;
}

std::optional<std::uint16_t> first_port(const std::vector<std::string>& listen)
{
    for (const std::string& each : listen) {
        const auto where = net::endpoint::parse(each);
        if (where && where->kind() == net::endpoint::family::tcp)
            return where->port();
    }
    return std::nullopt;
}

void describe(const offer& what, std::map<std::string, std::string>& all)
{
    all["COHORT_GENERATION"] = fmt::format("{}", what.generation);
    if (what.channel)
        all[variable::channel] = fmt::format("{}", what.channel_number());
    if (!what.sockets.empty()) {
        all["LISTEN_FDS"] = fmt::format("{}", what.sockets.size());
        all["LISTEN_FDNAMES"] = fmt::format("{}", fmt::join(what.names, ":"));
    }
    if (!what.notify_address.empty())
        all["NOTIFY_SOCKET"] = what.notify_address;
    if (what.heartbeat > milliseconds{0})
        all["WATCHDOG_USEC"] = fmt::format("{}", std::chrono::microseconds{what.heartbeat}.count());
    if (what.port)
        all.try_emplace("PORT", fmt::format("{}", *what.port));
}

const std::vector<std::string_view>& own_variables() noexcept
{
    static const std::vector<std::string_view> names{
        "LISTEN_FDS",          "LISTEN_PID",
        "LISTEN_FDNAMES",      "LISTEN_PIDFDID",
        "NOTIFY_SOCKET",       "WATCHDOG_USEC",
        "WATCHDOG_PID",        variable::channel,
        variable::output_read, process::background_variable};
    return names;
}

std::vector<std::string> pid_variables_of(const offer& what)
{
    std::vector<std::string> names;
    if (!what.sockets.empty())
        names.emplace_back("LISTEN_PID");
    if (what.heartbeat > milliseconds{0})
        names.emplace_back("WATCHDOG_PID");
    return names;
}

}  // namespace cohort::primary
