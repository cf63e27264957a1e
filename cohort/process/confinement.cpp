#include <cohort/process/confinement.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace cohort::process {

namespace {

/// A tree deeper than that is no cohort's; and while we climb, it may change under our feet.
constexpr int ancestors_max = 256;

template <class Number>
std::optional<Number> field(std::string_view line, std::string_view name)
{
    if (!line.starts_with(name))
        return std::nullopt;
    return parse_integer<Number>(detail::skip_blanks(line.substr(name.size())));
}

}  // namespace

std::optional<confinement> confinement_of(pid_t who)
{
    const auto text = read_system_file(fmt::format("/proc/{}/status", who));
    return text ? parse_confinement(*text) : std::nullopt;
}

std::optional<confinement> parse_confinement(std::string_view status)
{
    std::optional<pid_t> parent;
    std::uint32_t filters = 0;  // a kernel without seccomp says nothing
    while (!status.empty()) {
        const std::string_view line = detail::next_line(status);
        if (const auto found = field<pid_t>(line, "PPid:"))
            parent = found;
        if (const auto found = field<std::uint32_t>(line, "Seccomp_filters:"))
            filters = *found;
    }
    if (!parent)
        return std::nullopt;
    return confinement{.parent = *parent, .filters = filters};
}

std::uint32_t own_filters()
{
    const auto own = confinement_of(::getpid());
    return own ? own->filters : 0;
}

caged is_caged_below(pid_t who, pid_t root, std::uint32_t free_filters)
{
    if (who <= 0 || !confinement_of(::getpid()))
        return caged::no;  // somebody outside our pid namespace; or no /proc
    auto at = confinement_of(who);
    if (!at)
        return caged::gone;
    if (at->filters <= free_filters)
        return caged::no;
    for (int height = 0; at && height < ancestors_max; ++height) {
        if (at->parent == root)
            return caged::yes;
        at = confinement_of(at->parent);
    }
    return caged::no;
}

}  // namespace cohort::process
