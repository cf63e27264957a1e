#include <cohort/config/detail/entry.hpp>

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
        list_.push_back({file_, at->second.line, at->second.column, key, std::move(words)});
    else
        list_.push_back({"", 0, 0, key, std::move(words)});
}

void desk::saw(const std::string& key, const toml::source_position& at)
{
    seen_[key] = place{at.line, at.column};
}

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
        desk_.saw(key_ + "[" + std::to_string(all.size()) + "]", element.source().begin);
        auto one = plain_text(element);
        if (!one) {
            desk_.complain(element.source().begin, key_, "must be a list of texts");
            return std::nullopt;
        }
        all.push_back(std::move(*one));
    }
    return all;
}

std::optional<std::map<std::string, variable>> entry::variables() const
{
    const toml::table* table = node_.as_table();
    if (!table) {
        complain("must be a table of texts");
        return std::nullopt;
    }
    std::map<std::string, variable> all;
    bool fine = true;
    for (const auto& [name, node] : *table) {
        const std::string key = key_ + "." + std::string{name.str()};
        desk_.saw(key, name.source().begin);
        if (auto value = variable_of(key, node))
            all.emplace(name.str(), std::move(*value));
        else
            fine = false;
    }
    return fine ? std::optional{std::move(all)} : std::nullopt;
}

std::optional<variable> entry::variable_of(const std::string& key, const toml::node& node) const
{
    if (auto text = plain_text(node))
        return variable{std::move(*text)};
    if (const toml::table* place = node.as_table(); place && place->size() == 1) {
        const auto file = (*place)["file"].value_exact<std::string>();
        const auto fd = (*place)["fd"].value_exact<std::int64_t>();
        if (file && !file->empty())
            return secret{*file, -1};
        if (fd && *fd >= 0 && *fd <= std::numeric_limits<int>::max())
            return secret{{}, static_cast<int>(*fd)};
    }
    desk_.complain(node.source().begin, key,
                   "must be a text in quotes, a whole number, {file = \"PATH\"} or {fd = N}");
    return std::nullopt;
}

}  // namespace cohort::config::detail
