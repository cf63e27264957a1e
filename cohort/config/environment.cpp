#include <cohort/config/environment.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace cohort::config {

namespace {

/// Reads variables one by one and keeps the complaints.
class desk {
public:
    explicit desk(const variable_reader& variable)
        : variable_{variable}
    {}

    [[nodiscard]] std::optional<std::string_view> value(const char* name) const
    {
        const auto found = variable_(name);
        return found && !found->empty() ? found : std::nullopt;
    }

    /// Applies the variable if it is set; says whether it was.
    template <class T>
    bool parsed(const char* name, result<T> (*parse)(std::string_view), T& into)
    {
        const auto text = value(name);
        if (!text)
            return false;
        auto read = parse(*text);
        if (read)
            into = std::move(*read);
        else
            complain(name, "cannot " + read.error().text());
        return true;
    }

    void complain(const char* name, std::string words)
    {
        list_.push_back({"environment", 0, 0, name, std::move(words)});
    }

    [[nodiscard]] std::vector<problem> take() && { return std::move(list_); }

private:
    const variable_reader& variable_;
    std::vector<problem> list_;
};

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

void apply_port(settings& s, desk& list)
{
    const auto port = list.value("PORT");
    if (!port)
        return;
    if (!parse_integer<std::uint16_t>(*port)) {
        list.complain("PORT", "must be 0 to 65535");
        return;
    }
    const auto first = std::ranges::find_if(s.listen, has_port);
    if (first == s.listen.end())
        s.listen.insert(s.listen.begin(), std::string{*port});
    else
        *first = with_port(*first, *port);
}

bool apply_listen(settings& s, desk& list)
{
    auto all = list.value("COHORT_LISTEN");
    if (!all)
        return false;
    std::vector<std::string> addresses;
    for (bool more = true; more;) {
        const std::size_t comma = all->find(',');
        more = comma != std::string_view::npos;
        addresses.emplace_back(all->substr(0, comma));
        all->remove_prefix(more ? comma + 1 : all->size());
    }
    if (std::ranges::any_of(addresses, &std::string::empty))
        list.complain("COHORT_LISTEN", "must be addresses, separated by commas, none empty");
    else
        s.listen = std::move(addresses);
    return true;
}

}  // namespace

std::vector<problem> apply_environment(settings& s, const variable_reader& variable)
{
    desk list{variable};
    if (!list.parsed("COHORT_WORKERS", worker_count::parse, s.workers))
        list.parsed("WEB_CONCURRENCY", worker_count::parse, s.workers);
    if (!apply_listen(s, list))
        apply_port(s, list);
    list.parsed("COHORT_BALANCE", parse_policy, s.balance);
    list.parsed("COHORT_KEEPERS", parse_switch, s.keepers);
    list.parsed("COHORT_LOG_LEVEL", parse_log_level, s.log.level);
    list.parsed("COHORT_LOG_FORMAT", parse_log_format, s.log.format);
    return std::move(list).take();
}

std::vector<problem> apply_environment(settings& s)
{
    return apply_environment(s, [](const char* name) -> std::optional<std::string_view> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string_view>{value} : std::nullopt;
    });
}

}  // namespace cohort::config
