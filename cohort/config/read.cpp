#include <cohort/config/read.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/config/catalogue.hpp>
#include <cohort/config/detail/entry.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace cohort::config {

namespace {

using detail::desk;
using detail::entry;

constexpr std::size_t text_max = 1 << 20;
constexpr std::size_t apps_max = 64;

/// What to say about a key that a section does not have.
std::string stranger(std::string_view name, const std::vector<std::string_view>& known)
{
    const std::string_view near = nearest(name, known);
    if (near.empty())
        return fmt::format("unknown key; known here: {}", fmt::join(known, ", "));
    return fmt::format("unknown key; did you mean \"{}\"?", near);
}

constexpr std::array<std::string_view, 3> roots{"app", "log", "admin"};

bool is_of_file(const std::string& name) noexcept
{
    const key* const found = find_key(name);
    return found && found->of_file();
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
            if (std::ranges::find(roots, word) == roots.end())
                desk_.complain(name.source().begin, std::string{word},
                               stranger(word, {roots.begin(), roots.end()}));
            else if (!node.is_table())
                desk_.complain(name.source().begin, std::string{word}, "must be a table");
            else if (word == "app")
                apps = node.as_table();
            else
                read_section(*node.as_table(), word, std::string{word}, base_);
        }
        for (const problem& p : config::problems(base_)) {
            if (is_of_file(p.key))
                desk_.complain_later(p.key, p.words);
        }
        // After the others, wherever it stands: they are for all apps.
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
        read_section(table, "", path, s);
        for (const problem& p : config::problems(s)) {
            if (!is_of_file(p.key))
                desk_.complain_later(fmt::format("{}.{}", path, p.key), p.words);
        }
        apps_.push_back(std::move(s));
    }

    /// A table that is `section` of the catalogue, and whose name is `path` in the file.
    void read_section(const toml::table& table, std::string_view section, const std::string& path,
                      settings& s)
    {
        const auto known = names_inside(section);
        for (const auto& [name, node] : table) {
            const std::string_view word = name.str();
            const std::string full = fmt::format("{}.{}", path, word);
            desk_.saw(full, name.source().begin);
            if (std::ranges::find(known, word) == known.end()) {
                desk_.complain(name.source().begin, full, stranger(word, known));
                continue;
            }
            const std::string inside =
                section.empty() ? std::string{word} : fmt::format("{}.{}", section, word);
            if (const key* found = find_key(inside))
                found->read(entry{desk_, full, node}, s);
            else if (const toml::table* inner = node.as_table())
                read_section(*inner, inside, full, s);
            else
                desk_.complain(node.source().begin, full, "must be a table");
        }
    }

    desk desk_;
    settings base_;  // with [log] and [admin] of the file, once they are read
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
