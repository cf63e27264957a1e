#include <cohort/config/read.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/catalogue.hpp>
#include <cohort/config/detail/entry.hpp>
#include <cohort/config/detail/key_depth.hpp>
#include <cohort/config/detail/read_all.hpp>

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
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

constexpr std::array<std::string_view, 4> roots{"app", "log", "admin", "env"};
constexpr std::array<std::string_view, 3> roots_of_environment{"app", "log", "admin"};

bool is_of_file(const std::string& name) noexcept
{
    const key* const found = find_key(name);
    return found && found->of_file();
}

/// One pass over one file.
class pass {
public:
    pass(std::string_view file, const settings& base, std::string_view environment)
        : desk_{file}, base_{base}, wanted_{environment}
    {}

    document run(std::string_view text, std::string_view file)
    {
        if (const auto line = detail::line_of_deep_key(text))
            desk_.complain({*line, 1}, "",
                           fmt::format("a key of more than {} parts", detail::key_parts_max));
        else
            read_text(text, file);
        document all;
        all.file = file;
        all.apps = std::move(apps_);
        all.environments = std::move(environments_);
        all.environment_used = wanted_;
        all.places = desk_.places();
        all.problems = desk_.take();
        return all;
    }

private:
    void read_text(std::string_view text, std::string_view file)
    {
        const toml::parse_result parsed = toml::parse(text, file);
        if (parsed)
            return read_root(parsed.table());
        const toml::parse_error& bad = parsed.error();
        desk_.complain(bad.source().begin, "", std::string{bad.description()});
    }

    void read_root(const toml::table& root)
    {
        const toml::table* apps = nullptr;
        const toml::table* environments = nullptr;
        for (const auto& [name, node] : root) {
            const std::string_view word = name.str();
            if (std::ranges::find(roots, word) == roots.end())
                desk_.complain(name.source().begin, std::string{word},
                               stranger(word, {roots.begin(), roots.end()}));
            else if (!node.is_table())
                desk_.complain(name.source().begin, std::string{word}, "must be a table");
            else if (word == "app")
                apps = node.as_table();
            else if (word == "env")
                environments = node.as_table();
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
        // After what they override.
        if (environments)
            read_environments(*environments);
        if (!wanted_.empty() && std::ranges::find(environments_, wanted_) == environments_.end())
            desk_.complain({}, fmt::format("env.{}", wanted_),
                           fmt::format("no such environment in this file; it has: {}",
                                       environments_.empty()
                                           ? "none"
                                           : fmt::format("{}", fmt::join(environments_, ", "))));
    }

    /// [env.production] and its like: each is the file once more, with only what differs. All are
    /// checked, one is used.
    void read_environments(const toml::table& all)
    {
        std::vector<settings> chosen = apps_;
        for (const auto& [name, node] : all) {
            const std::string path = fmt::format("env.{}", name.str());
            environments_.emplace_back(name.str());
            const toml::table* table = node.as_table();
            if (!table) {
                desk_.complain(name.source().begin, path,
                               "must be a table, as in [env.production.app.api]");
                continue;
            }
            auto apps = read_environment(*table, path);
            if (name.str() == wanted_)
                chosen = std::move(apps);
        }
        apps_ = std::move(chosen);
    }

    std::vector<settings> read_environment(const toml::table& table, const std::string& path)
    {
        settings shared = base_;
        const toml::table* overrides = nullptr;
        for (const auto& [name, node] : table) {
            const std::string_view word = name.str();
            const std::string full = fmt::format("{}.{}", path, word);
            if (std::ranges::find(roots_of_environment, word) == roots_of_environment.end())
                desk_.complain(
                    name.source().begin, full,
                    stranger(word, {roots_of_environment.begin(), roots_of_environment.end()}));
            else if (!node.is_table())
                desk_.complain(name.source().begin, full, "must be a table");
            else if (word == "app")
                overrides = node.as_table();
            else
                read_section(*node.as_table(), word, full, shared);
        }
        complain_of_changes(base_, shared, path, "", of_file);
        std::vector<settings> apps = apps_;
        for (settings& s : apps) {
            s.log = shared.log;
            s.admin = shared.admin;
        }
        if (overrides)
            override_apps(*overrides, path + ".app", apps);
        return apps;
    }

    void override_apps(const toml::table& overrides, const std::string& path,
                       std::vector<settings>& apps)
    {
        for (const auto& [name, node] : overrides) {
            const std::string full = fmt::format("{}.{}", path, name.str());
            const auto app = std::ranges::find(apps, name.str(), &settings::name);
            const toml::table* table = node.as_table();
            if (app == apps.end()) {
                std::vector<std::string_view> known;
                known.reserve(apps.size());
                for (const settings& s : apps)
                    known.push_back(s.name);
                desk_.complain(name.source().begin, full,
                               "an environment changes apps of the file; " +
                                   stranger(name.str(), known));
            } else if (!table) {
                desk_.complain(name.source().begin, full, "must be a table");
            } else {
                // What is read next changes the app itself.
                // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
                const settings before = *app;
                read_section(*table, "", full, *app);
                complain_of_changes(before, *app, full, fmt::format("app.{}.", app->name), of_app);
            }
        }
    }

    enum range : std::uint8_t { of_file, of_app };

    /// Complains of what an environment made wrong; where the environment does not name the key
    /// itself, at the place of what it was combined with.
    void complain_of_changes(const settings& before, const settings& after, const std::string& path,
                             const std::string& below, range which)
    {
        const auto known = config::problems(before);
        for (const problem& p : config::problems(after)) {
            if (is_of_file(p.key) != (which == of_file))
                continue;
            const std::string full = fmt::format("{}.{}", path, p.key);
            if (desk_.places().contains(full))
                desk_.complain_later(full, p.words);
            else if (std::ranges::find(known, p) == known.end())
                desk_.complain_later(below + p.key, fmt::format("{} (with {})", p.words, path));
        }
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
    settings base_;       // with [log] and [admin] of the file, once they are read
    std::string wanted_;  // environment; empty: none
    std::vector<settings> apps_;
    std::vector<std::string> environments_;
};

}  // namespace

problem document::complaint(const settings& app, std::string_view key, std::string words) const
{
    problem found = complaint(fmt::format("app.{}.{}", app.name, key), words);
    if (found.line != 0)
        return found;
    // An element without a place of its own stands where its list does.
    const std::string_view outer = key.substr(0, key.find('['));
    problem whole = complaint(fmt::format("app.{}.{}", app.name, outer), std::move(words));
    return whole.line != 0 ? whole : found;
}

problem document::complaint(std::string_view key, std::string words) const
{
    problem found{file, 0, 0, std::string{key}, std::move(words)};
    for (const std::string& full :
         {std::string{key}, fmt::format("env.{}.{}", environment_used, key)})
    {
        const auto at = places.find(full);
        if (at == places.end())
            continue;
        found.line = at->second.line;
        found.column = at->second.column;
        found.key = full;
    }
    return found;
}

document read_toml(std::string_view text, std::string_view file, const settings& base,
                   std::string_view environment)
{
    if (text.size() > text_max) {
        document refused;
        refused.problems.push_back({std::string{file}, 0, 0, "", "larger than 1 MiB"});
        return refused;
    }
    return pass{file, base, environment}.run(text, file);
}

result<document> read_file(const std::string& path, const settings& base,
                           std::string_view environment)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid())
        return failed("open", path);
    COHORT_TRY(const std::string text, detail::read_all(file.borrow(), text_max, path));
    return read_toml(text, path, base, environment);
}

}  // namespace cohort::config
