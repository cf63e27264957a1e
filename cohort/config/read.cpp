#include <cohort/config/read.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/config/detail/sections.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace cohort::config {

namespace {

using detail::app_parts;
using detail::app_section;
using detail::desk;
using detail::entry;
using detail::log_section;
using detail::section;

constexpr std::size_t text_max = 1 << 20;
constexpr std::size_t apps_max = 64;

/// What to say about a key that a section does not have.
std::string stranger(std::string_view name, std::vector<std::string_view> known,
                     std::span<const std::string_view> later)
{
    if (std::ranges::find(later, name) != later.end())
        return "is for a later version of cohort and would have no effect; remove it";
    const std::string_view near = nearest(name, known);
    if (near.empty())
        return fmt::format("unknown key; known here: {}", fmt::join(known, ", "));
    return fmt::format("unknown key; did you mean \"{}\"?", near);
}

std::vector<std::string_view> names_of(const section& part)
{
    std::vector<std::string_view> names;
    for (const detail::key& k : part.keys)
        names.push_back(k.name);
    return names;
}

/// One pass over one file.
class pass {
public:
    pass(std::string_view file, const settings& base)
        : desk_{file}, base_{base}
    {}

    document run(std::string_view text, std::string_view file)
    {
        const toml::parse_result parsed = toml::parse(text, file);
        if (!parsed) {
            const toml::parse_error& bad = parsed.error();
            desk_.complain(bad.source().begin, "", std::string{bad.description()});
        } else {
            read_root(parsed.table());
        }
        document all;
        all.apps = std::move(apps_);
        all.problems = desk_.take();
        return all;
    }

private:
    void read_root(const toml::table& root)
    {
        const toml::table* apps = nullptr;
        for (const auto& [name, node] : root) {
            const std::string_view word = name.str();
            if (word == "app" && node.is_table()) {
                apps = node.as_table();
            } else if (word == "log" && node.is_table()) {
                read_section(*node.as_table(), log_section(), "log", base_);
            } else if (word == "app" || word == "log") {
                desk_.complain(name.source().begin, std::string{word}, "must be a table");
            } else {
                static constexpr std::array<std::string_view, 1> later{"admin"};
                desk_.complain(name.source().begin, std::string{word},
                               stranger(word, {"app", "log"}, later));
            }
        }
        // After [log], wherever it stands: it is for all apps.
        if (apps)
            read_apps(*apps);
    }

    void read_apps(const toml::table& apps)
    {
        struct place {
            const toml::key* name;
            const toml::table* table;
        };
        std::vector<place> in_order;
        for (const auto& [name, node] : apps) {
            if (!node.is_table())
                desk_.complain(name.source().begin, fmt::format("app.{}", name.str()),
                               "must be a table: an app has a name, as in [app.api]");
            else
                in_order.push_back({&name, node.as_table()});
        }
        std::ranges::sort(in_order, {}, [](const place& at) {
            const toml::source_position& begin = at.name->source().begin;
            return std::pair{begin.line, begin.column};
        });
        for (const place& at : in_order) {
            if (apps_.size() == apps_max) {
                desk_.complain(at.name->source().begin, "app", "at most 64 apps in one file");
                return;
            }
            read_app(*at.name, *at.table);
        }
    }

    void read_app(const toml::key& name, const toml::table& table)
    {
        settings s = base_;
        s.name = std::string{name.str()};
        const std::string path = fmt::format("app.{}", s.name);
        desk_.saw(path + ".name", name.source().begin);
        read_section(table, app_section(), path, s);
        for (const problem& p : config::problems(s))
            desk_.complain_later(fmt::format("{}.{}", path, p.key), p.words);
        apps_.push_back(std::move(s));
    }

    void read_section(const toml::table& table, const section& part, const std::string& path,
                      settings& s)
    {
        for (const auto& [name, node] : table) {
            const std::string_view word = name.str();
            const std::string full = fmt::format("{}.{}", path, word);
            desk_.saw(full, name.source().begin);
            if (read_subsection(word, node, part, full, s))
                continue;
            const auto found = std::ranges::find(part.keys, word, &detail::key::name);
            if (found != part.keys.end()) {
                found->apply(entry{desk_, full, node}, s);
                continue;
            }
            auto known = names_of(part);
            if (&part == &app_section()) {
                for (const section& sub : app_parts())
                    known.push_back(sub.name);
            }
            desk_.complain(name.source().begin, full, stranger(word, known, part.later));
        }
    }

    bool read_subsection(std::string_view word, const toml::node& node, const section& part,
                         const std::string& full, settings& s)
    {
        if (&part != &app_section())
            return false;
        const auto parts = app_parts();
        const auto sub = std::ranges::find(parts, word, &section::name);
        if (sub == parts.end())
            return false;
        if (const toml::table* inner = node.as_table())
            read_section(*inner, *sub, full, s);
        else
            desk_.complain(node.source().begin, full, "must be a table");
        return true;
    }

    desk desk_;
    settings base_;  // with the [log] of the file, once that is read
    std::vector<settings> apps_;
};

}  // namespace

document read_toml(std::string_view text, std::string_view file, const settings& base)
{
    if (text.size() > text_max) {
        document refused;
        refused.problems.push_back({std::string{file}, 0, 0, "", "larger than 1 MiB"});
        return refused;
    }
    return pass{file, base}.run(text, file);
}

result<document> read_file(const std::string& path, const settings& base)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid())
        return failed("open", path);
    std::string text;
    std::array<char, 16384> piece{};
    while (text.size() <= text_max) {
        const ssize_t got = ::read(file.borrow(), piece.data(), piece.size());
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return failed("read", path);
        if (got == 0)
            return read_toml(text, path, base);
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return failed(errc::too_large, "read", path);
}

}  // namespace cohort::config
