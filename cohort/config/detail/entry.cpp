#include <cohort/config/detail/entry.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace cohort::config::detail {

namespace {

/// A text, or a whole number as its text.
std::optional<std::string> plain_text(const toml::node& node)
{
    if (const auto text = node.value_exact<std::string>())
        return text;
    if (const auto number = node.value_exact<std::int64_t>())
        return std::to_string(*number);
    return std::nullopt;
}

}  // namespace

void desk::complain(const toml::source_position& at, std::string key, std::string words)
{
    list_.push_back({file_, at.line, at.column, std::move(key), std::move(words)});
}

void desk::complain_later(const std::string& key, std::string words)
{
    const auto at = seen_.find(key);
    if (at != seen_.end())
        complain(at->second, key, std::move(words));
    else
        list_.push_back({"", 0, 0, key, std::move(words)});
}

void desk::saw(const std::string& key, const toml::source_position& at) { seen_[key] = at; }

std::vector<problem> desk::take()
{
    std::ranges::stable_sort(list_, [](const problem& a, const problem& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return std::move(list_);
}

void entry::complain(std::string words) const
{
    desk_.complain(node_.source().begin, key_, std::move(words));
}

std::optional<std::string> entry::text() const
{
    auto found = node_.value_exact<std::string>();
    if (!found)
        complain("must be a text in quotes");
    return found;
}

std::optional<std::string> entry::text_or_number() const
{
    auto found = plain_text(node_);
    if (!found)
        complain("must be a text in quotes or a whole number");
    return found;
}

std::optional<bool> entry::on_or_off() const
{
    if (const auto flag = node_.value_exact<bool>())
        return flag;
    const auto word = node_.value_exact<std::string>();
    if (word == "on" || word == "off")
        return word == "on";
    complain("must be true or false, or \"on\" or \"off\"");
    return std::nullopt;
}

std::optional<unsigned> entry::count() const
{
    const auto number = node_.value_exact<std::int64_t>();
    if (!number || *number < 0 || *number > std::numeric_limits<unsigned>::max()) {
        complain("must be a whole number, not negative");
        return std::nullopt;
    }
    return static_cast<unsigned>(*number);
}

std::optional<std::chrono::milliseconds> entry::duration() const
{
    const auto found = node_.value_exact<std::string>();
    const auto read = found ? parse_duration(*found) : failed(errc::bad_value, "read");
    if (!read) {
        complain("must be a duration with its unit, such as \"250ms\", \"30s\", \"5m\", \"2h\"");
        return std::nullopt;
    }
    // Upwards: "500us" must not become "off".
    return std::chrono::ceil<std::chrono::milliseconds>(*read);
}

std::optional<std::uint64_t> entry::size() const
{
    const auto found = plain_text(node_);
    const auto read = found ? parse_size(*found) : failed(errc::bad_value, "read");
    if (!read) {
        complain("must be a size, such as 4096, \"64K\", \"1M\", \"2G\"");
        return std::nullopt;
    }
    return *read;
}

std::optional<std::vector<std::string>> entry::texts() const
{
    std::vector<std::string> all;
    if (auto one = plain_text(node_)) {
        all.push_back(std::move(*one));
        return all;
    }
    const toml::array* list = node_.as_array();
    if (!list) {
        complain("must be a list of texts");
        return std::nullopt;
    }
    for (const toml::node& element : *list) {
        auto one = plain_text(element);
        if (!one) {
            desk_.complain(element.source().begin, key_, "must be a list of texts");
            return std::nullopt;
        }
        all.push_back(std::move(*one));
    }
    return all;
}

std::optional<std::map<std::string, std::string>> entry::variables() const
{
    const toml::table* table = node_.as_table();
    if (!table) {
        complain("must be a table of texts");
        return std::nullopt;
    }
    std::map<std::string, std::string> all;
    for (const auto& [name, node] : *table) {
        auto value = plain_text(node);
        if (!value) {
            desk_.complain(node.source().begin, key_ + "." + std::string{name.str()},
                           "must be a text in quotes or a whole number");
            return std::nullopt;
        }
        all.emplace(name.str(), std::move(*value));
    }
    return all;
}

}  // namespace cohort::config::detail
