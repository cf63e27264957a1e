#include <cohort/config/catalogue.hpp>

#include <cohort/config/detail/table.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::config {

std::string_view name_of(effect which) noexcept
{
    constexpr std::array<std::string_view, 3> names{"live", "recycle", "restart"};
    return names[std::to_underlying(which)];
}

bool key::of_file() const noexcept
{
    return name.starts_with("log.") || name.starts_with("admin.");
}

std::span<const key> catalogue() noexcept { return detail::table(); }

const key* find_key(std::string_view name) noexcept
{
    const auto all = catalogue();
    const auto found = std::ranges::find(all, name, &key::name);
    return found == all.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) noexcept
{
    return std::ranges::any_of(catalogue(), [name](const key& k) {
        return k.name.size() > name.size() && k.name.starts_with(name) &&
               k.name[name.size()] == '.';
    });
}

std::vector<std::string_view> names_inside(std::string_view section)
{
    const std::size_t above = section.empty() ? 0 : section.size() + 1;
    std::vector<std::string_view> names;
    for (const key& k : catalogue()) {
        const bool inside = section.empty()
                                ? !k.of_file()
                                : k.name.size() > above && k.name.starts_with(section) &&
                                      k.name[section.size()] == '.';
        if (!inside)
            continue;
        const std::string_view rest = k.name.substr(above);
        const std::string_view next = rest.substr(0, rest.find('.'));
        if (std::ranges::find(names, next) == names.end())
            names.push_back(next);
    }
    return names;
}

std::string default_of(const key& which) { return which.literal(settings{}); }

}  // namespace cohort::config
