#include <cohort/config/serialize.hpp>

#include <cohort/config/catalogue.hpp>
#include <cohort/config/detail/entry.hpp>
#include <cohort/config/detail/literal.hpp>

#include <fmt/format.h>

namespace cohort::config {

std::string serialize(const settings& s)
{
    std::string text = fmt::format("name = {}\n", detail::quote(s.name));
    for (const key& k : catalogue())
        text += fmt::format("{} = {}\n", k.name, k.literal(s));
    return text;
}

result<settings> deserialize(std::string_view text)
{
    constexpr literal doing = "read settings of another process:";
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed)
        return failed(errc::malformed, doing, std::string{parsed.error().description()});
    const toml::table& all = parsed.table();
    settings s;
    const auto name = all["name"].value_exact<std::string>();
    if (!name)
        return failed(errc::malformed, doing, "no name");
    s.name = *name;
    detail::desk list{""};
    for (const key& k : catalogue()) {
        const auto node = all.at_path(k.name);
        if (!node)
            return failed(errc::malformed, doing, fmt::format("no {}", k.name));
        k.read(detail::entry{list, std::string{k.name}, *node.node()}, s);
    }
    std::vector<problem> wrong = list.take();
    if (wrong.empty())
        wrong = problems(s);
    if (!wrong.empty())
        return failed(errc::malformed, doing, config::text(wrong));
    return s;
}

}  // namespace cohort::config
