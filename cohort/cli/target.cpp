#include <cohort/cli/target.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/cli/calm.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/control/place.hpp>
#include <cohort/process/cgroup.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cohort::cli {

namespace {

using control::answer;
using control::client;
using control::cohort_place;
using control::progress;
using control::request;

namespace json = boost::json;

choice none(exit_code code) { return {.targets = {}, .code = code}; }

choice by_socket(const std::string& path, const std::optional<std::string>& word, console& out)
{
    const auto who = control::who_listens(path);
    const bool busy = !who && who.error().why().value() == EAGAIN;
    if (!who && !busy) {
        out.problem(fmt::format("nobody listens at {}: {}", path, who.error().why().message()));
        return none(exit_code::no_such_cohort);
    }
    target found;
    found.place = {.app = control::app_of(path), .socket = path, .opened_by = who.value_or(0)};
    if (found.place.app.empty())
        found.place.app = std::filesystem::path{path}.filename().string();
    if (word)
        found.slot = take_apart_name(*word).slot;
    return {.targets = {std::move(found)}};
}

std::string names_of(const std::vector<cohort_place>& all)
{
    std::string list;
    for (const cohort_place& each : all)
        list += (list.empty() ? "" : ", ") + each.app;
    return list;
}

choice no_word(std::vector<cohort_place> all, console& out, missing when)
{
    choice found;
    for (cohort_place& each : all)
        found.targets.push_back({.place = std::move(each), .slot = {}});
    if (when == missing::all || found.targets.size() == 1)
        return found;
    if (found.targets.empty()) {
        out.problem("no cohort runs here");
        out.hint("cohort run ./program starts one");
        return none(exit_code::no_such_cohort);
    }
    out.problem("which one? say its name, or all");
    for (const target& each : found.targets)
        out.hint(fmt::format("{}  {}", each.name(), each.place.socket.string()));
    return none(exit_code::usage);
}

/// Of an app that was started here and runs no more, and that nobody has stopped: where it left
/// what it has to say. False: nothing is known of such a one.
bool tell_of_gone(const std::string& word, console& out)
{
    const auto state = state_path();
    if (!state)
        return false;
    auto known = recall(*state, word);
    if (!known)
        known = recall(*state, std::string{take_apart_name(word).app});
    if (!known || !known->wanted)
        return false;
    out.problem(fmt::format("{} has run and is gone, though nobody has stopped it", known->app));
    out.hint(fmt::format("its output is in {}; its log is there as well, unless log.to names a "
                         "file",
                         log_file(*state, known->app).string()));
    for (const std::filesystem::path& each : control::folders(control::viewpoint::here())) {
        std::error_code ec;
        if (std::filesystem::is_directory(each / "crashes", ec))
            out.hint(fmt::format("reports of workers that crashed are in {}, unless crash.folder "
                                 "names another place",
                                 (each / "crashes").string()));
    }
    out.hint(fmt::format("`cohort restart {}` starts it again", known->app));
    return true;
}

choice by_name(const std::vector<cohort_place>& all, const std::string& word, console& out)
{
    choice found;
    const auto take = [&](std::string_view app, std::optional<std::uint32_t> slot) {
        for (const cohort_place& each : all) {
            if (each.app == app)
                found.targets.push_back({.place = each, .slot = slot});
        }
    };
    // Names may have dots and digits themselves: what is there counts first.
    take(word, {});
    if (found.targets.empty()) {
        const auto [app, slot] = take_apart_name(word);
        if (slot)
            take(app, slot);
    }
    if (found.targets.size() == 1)
        return found;
    if (found.targets.empty() && tell_of_gone(word, out))
        return none(exit_code::no_such_cohort);
    if (found.targets.empty()) {
        std::vector<std::string_view> names;
        names.reserve(all.size());
        for (const cohort_place& each : all)
            names.push_back(each.app);
        const auto near = nearest_of(word, names);
        out.problem(fmt::format("no cohort is called {}", word));
        if (!near.empty())
            out.hint(fmt::format("did you mean {}?", near));
        else if (!all.empty())
            out.hint(fmt::format("there are: {}", names_of(all)));
        return none(exit_code::no_such_cohort);
    }
    out.problem(fmt::format("{} cohorts are called {}; say which by its socket",
                            found.targets.size(), word));
    for (const target& each : found.targets)
        out.hint(fmt::format("--socket {}  ({})", each.place.socket.string(),
                             process_words(each.place.opened_by)));
    return none(exit_code::usage);
}

std::string late_words(pid_t primary)
{
    std::string words = "the primary did not answer in time; what it was asked may still be done";
    const auto stat = process::read_system_file(fmt::format("/proc/{}/stat", primary));
    // After the name, which may contain anything but no ')' after its own.
    const auto name_end = stat ? stat->rfind(") ") : std::string::npos;
    if (name_end != std::string::npos && stat->substr(name_end + 2).starts_with('T'))
        words += fmt::format(". Process {0} is stopped: kill -CONT {0} lets it go on", primary);
    return words;
}

/// What nobody answered, as an answer.
answer unanswered(const target& whom, const fault& why)
{
    exit_code code = exit_code::refused;
    std::string words = why.text();
    if (why.why() == errc::deadline_passed) {
        code = exit_code::timed_out;
        words = late_words(whom.place.opened_by);
    } else if (why.why() == errc::channel_closed) {
        words = "the primary ended before it answered: `cohort ls` shows how far it came";
    } else if (why.why().value() == ECONNREFUSED || why.why().value() == ENOENT) {
        code = exit_code::no_such_cohort;
        words = fmt::format("{} does not run any more", whom.place.app);
    }
    return {code, std::move(words)};
}

}  // namespace

std::string process_words(pid_t opened_by)
{
    return opened_by == 0 ? std::string{"it is busy"} : fmt::format("process {}", opened_by);
}

std::string target::name() const
{
    return slot ? fmt::format("{}.{}", place.app, *slot) : place.app;
}

app_and_slot take_apart_name(std::string_view word)
{
    const auto dot = word.rfind('.');
    if (dot != std::string_view::npos && dot != 0) {
        if (const auto slot = parse_integer<std::uint32_t>(word.substr(dot + 1)))
            return {std::string{word.substr(0, dot)}, slot};
    }
    return {std::string{word}, std::nullopt};
}

choice choose(const arguments& args, console& out, const std::optional<std::string>& word,
              missing when)
{
    if (const auto path = args.value("--socket"))
        return by_socket(*path, word, out);
    auto all = control::find_cohorts(control::viewpoint::here());
    if (!all) {
        out.problem(all.error().text());
        return none(exit_code::refused);
    }
    if (word && *word != "all")
        return by_name(*all, *word, out);
    if (word && all->empty())
        return no_word({}, out, missing::only_one);
    return no_word(std::move(*all), out, word ? missing::all : when);
}

choice choose_all(const arguments& args, console& out, missing when)
{
    return choose_all(args, out, args.words(), when);
}

choice choose_all(const arguments& args, console& out, const std::vector<std::string>& words,
                  missing when)
{
    if (words.empty())
        return choose(args, out, std::nullopt, when);
    choice all;
    for (const std::string& word : words) {
        auto some = choose(args, out, word, when);
        if (some.failed())
            return some;
        for (target& each : some.targets) {
            const bool known = std::ranges::any_of(all.targets, [&](const target& other) {
                return other.place.socket == each.place.socket && other.slot == each.slot;
            });
            if (!known)
                all.targets.push_back(std::move(each));
        }
    }
    return all;
}

choice choose_apps(const arguments& args, console& out, missing when, const verb& which)
{
    auto whom = choose_all(args, out, when);
    return names_slots(whom, which, out) ? none(exit_code::usage) : whom;
}

bool names_slots(const choice& whom, const verb& which, console& out)
{
    const auto slot = std::ranges::find_if(
        whom.targets, [](const target& each) { return each.slot.has_value(); });
    if (slot == whom.targets.end())
        return false;
    misused(out, which,
            fmt::format("{} is a slot; {} is for a whole app", slot->name(), which.name));
    return true;
}

std::optional<milliseconds> patience(const arguments& args, console& out, milliseconds otherwise)
{
    const auto length = args.duration("--wait", otherwise);
    if (length && *length >= milliseconds{1} && *length <= control::budget_max)
        return *length;
    out.problem(length ? std::string{"--wait: 1ms to 24h"} : length.error().subject());
    return std::nullopt;
}

answer ask_quietly(const target& whom, const request& what, client::manner how,
                   client::hear_progress hear)
{
    client primary{whom.place};
    return answer_of(whom, primary.ask(what, how, std::move(hear)));
}

answer answer_of(const target& whom, const result<answer>& heard)
{
    return heard ? *heard : unanswered(whom, heard.error());
}

answer ask(const target& whom, request what, client::manner how, console& out)
{
    what.slot = whom.slot;
    return ask_quietly(whom, what, how, [&](const progress& so_far) {
        out.progress(fmt::format("{}: {}", whom.name(), so_far.text));
    });
}

json::object to_json(const target& whom, const answer& said)
{
    json::object all{{"app", whom.place.app}};
    if (whom.slot)
        all["slot"] = *whom.slot;
    all["exit"] = static_cast<unsigned>(said.code);
    all["reason"] = std::string_view{said.reason}.substr(0, said.reason.find_last_not_of('\n') + 1);
    for (const auto& each : said.data)
        all[each.key()] = each.value();
    return all;
}

exit_code conclude(const target& whom, const answer& said, console& out)
{
    if (out.wants_json()) {
        out.json(to_json(whom, said));
        return said.code;
    }
    const std::string words = fmt::format("{}: {}", whom.name(), printable_lines(said.reason));
    if (said.code == exit_code::done)
        out.line(words);
    else
        out.problem(words);
    return said.code;
}

exit_code ask_all(const choice& whom, const request& what, client::manner how, console& out)
{
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        const auto said = ask(each, what, how, out);
        worst = std::max(worst, conclude(each, said, out));
    }
    return worst;
}

}  // namespace cohort::cli
