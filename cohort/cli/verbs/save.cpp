#include <cohort/cli/verbs.hpp>

#include <cohort/base/try.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/unit.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cohort::cli::verbs {

namespace {

namespace fs = std::filesystem;

/// Where systemd looks for units of this user.
result<fs::path> units_folder(const arguments& args)
{
    if (const auto own = args.value("--out"))
        return fs::path{*own};
    if (::geteuid() == 0)
        return fs::path{"/etc/systemd/system"};
    if (const char* const config = std::getenv("XDG_CONFIG_HOME"); config && *config == '/')
        return fs::path{config} / "systemd/user";
    if (const char* const home = std::getenv("HOME"); home && *home == '/')
        return fs::path{home} / ".config/systemd/user";
    return failed(errc::bad_value, "find systemd's folder: say --out");
}

result<> write_file(const fs::path& path, std::string_view text)
{
    std::error_code ec;
    fs::create_directories(path.parent_path(), ec);
    std::ofstream out{path, std::ios::trunc};
    out << text;
    if (!out.flush())
        return failed("write", path.string());
    return {};
}

exit_code run_save(const arguments& args, console& out)
{
    const auto whom = choose_apps(args, out, missing::all, save);
    if (whom.failed())
        return whom.code;
    const auto state = state_folder();
    const auto folder = units_folder(args);
    const auto own = process::own_program();
    if (!state || !folder || !own) {
        out.problem((!state ? state.error() : !folder ? folder.error() : own.error()).text());
        return exit_code::refused;
    }
    if (whom.targets.empty()) {
        out.problem("nothing runs that could be saved");
        return exit_code::no_such_cohort;
    }
    const unit_place where{.command = *own,
                           .manager =
                               ::geteuid() == 0 ? unit_manager::system : unit_manager::of_user};
    exit_code worst = exit_code::done;
    boost::json::array saved;
    for (const target& each : whom.targets) {
        const auto how = recall(*state, each.place.app);
        if (!how) {
            out.problem(fmt::format("{} was not started by `cohort start`: nobody here knows how",
                                    each.place.app));
            worst = exit_code::refused;
            continue;
        }
        const auto path = *folder / unit_name(each.place.app);
        if (const auto written = write_file(path, unit_of(*how, where)); !written) {
            out.problem(written.error().text());
            worst = exit_code::refused;
            continue;
        }
        saved.emplace_back(path.string());
        out.line(fmt::format("{}: {}", each.place.app, path.string()));
    }
    if (out.wants_json())
        out.json(boost::json::object{{"units", std::move(saved)}});
    else if (worst == exit_code::done)
        out.hint("cohort startup enables them at boot. What runs now is none of systemd's: before "
                 "systemctl start, cohort stop");
    return worst;
}

result<int> run_program(const std::string& name, const std::vector<std::string>& args)
{
    process::program what;
    what.exec = name;
    what.args = args;
    what.env = process::environment_with({});
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto child, process::spawn(std::move(permit), what));
    return child.wait().code().value_or(-1);
}

exit_code run_startup(const arguments& args, console& out)
{
    const auto folder = units_folder(args);
    if (!folder) {
        out.problem(folder.error().text());
        return exit_code::refused;
    }
    std::vector<std::string> enable{"enable"};
    std::error_code ec;
    for (const auto& each : fs::directory_iterator{*folder, ec}) {
        const std::string name = each.path().filename().string();
        if (name.starts_with(unit_prefix) && name.ends_with(".service"))
            enable.push_back(name);
    }
    if (enable.size() == 1) {
        out.problem(fmt::format("there are no units of cohorts in {}", folder->string()));
        out.hint("cohort save writes them");
        return exit_code::no_such_cohort;
    }
    std::sort(enable.begin() + 1, enable.end());
    std::vector<std::vector<std::string>> steps{{"daemon-reload"}, enable};
    std::string words;
    for (auto& each : steps) {
        if (::geteuid() != 0)
            each.insert(each.begin(), "--user");
        words += words.empty() ? "systemctl" : " && systemctl";
        for (const std::string& word : each)
            words += " " + word;
    }
    const bool only_show = args.flag("--print");
    if (out.wants_json())
        out.json(boost::json::object{{"command", words}, {"done", !only_show}});
    if (only_show) {
        out.line(words);
        return exit_code::done;
    }
    if (!fs::exists("/run/systemd/system", ec)) {
        out.problem("systemd does not run here; this is what would be done:");
        out.hint(words);
        return exit_code::refused;
    }
    for (const auto& each : steps) {
        const auto code = run_program("systemctl", each);
        if (!code || *code != 0) {
            out.problem(code ? fmt::format("systemctl ended with {}", *code) : code.error().text());
            return exit_code::refused;
        }
    }
    out.line(fmt::format("{} units start at boot", enable.size() - 1));
    out.hint("what runs now goes on; cohort stop, then systemctl start, gives it to systemd");
    if (::geteuid() != 0)
        out.hint("loginctl enable-linger lets them run while you are not logged in");
    return exit_code::done;
}

constexpr auto save_flags =
    std::to_array<flag_rule>({{"--out", "", "FOLDER", "where to write (systemd's, of this user)"}});
constexpr auto startup_flags =
    std::to_array<flag_rule>({{"--out", "", "FOLDER", "where they are (systemd's, of this user)"},
                              {"--print", "", "", "show what would be done"}});

}  // namespace

constinit const verb save{
    .name = "save",
    .aliases = {},
    .usage = "save [app…] [--out FOLDER] [--json]",
    .summary = "What runs now as systemd units.",
    .about = "Of what was started by `cohort start`. The units tell systemd when workers serve, "
             "and reload them as a transaction. The environment is not saved: put it into the "
             "file, or into the unit.",
    .flags = save_flags,
    .run = run_save,
    .words_max = verb::any_number,
};

constinit const verb startup{
    .name = "startup",
    .aliases = {},
    .usage = "startup [--out FOLDER] [--print] [--json]",
    .summary = "Has systemd start the saved units at boot.",
    .about = "",
    .flags = startup_flags,
    .run = run_startup,
    .words_max = 0,
};

}  // namespace cohort::cli::verbs
