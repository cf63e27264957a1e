#include <cohort/cli/verbs.hpp>

#include <cohort/base/try.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/net/browser_address.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <poll.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Who has not failed by then shows a browser, or is one.
constexpr int browser_fails_within_ms = 3'000;

/// Nothing: it is not where a browser could go.
std::optional<std::string> url_of(std::string_view listens)
{
    const auto where = net::endpoint::parse(listens);
    return where ? net::browser_address(*where) : std::nullopt;
}

bool is_set(const char* name)
{
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// Errors: those of process::spawn(); errc::not_supported, it failed at once.
result<> show_in_browser(const std::string& url)
{
    process::program how;
    how.exec = "xdg-open";
    how.args = {url};
    how.env = process::environment_with({});
    how.in = process::stdio::null();
    how.out = process::stdio::null();
    how.err = process::stdio::null();
    how.new_session = true;  // the browser is not closed by a Ctrl-C here
    how.orphan = process::parent_death::ignored();
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto child, process::spawn(std::move(permit), how));
    pollfd ended{.fd = child.pidfd().borrow(), .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, browser_fails_within_ms) != 1) {
        child.let_go();
        return {};
    }
    if (const auto end = child.wait(); end.code() != 0)
        return failed(errc::not_supported, "show", "xdg-open: " + end.words());
    return {};
}

exit_code finish(const target& whom, control::answer said, console& out)
{
    const exit_code code = said.code;
    if (out.wants_json())
        out.json(to_json(whom, said));
    else if (code != exit_code::done)
        out.problem(fmt::format("{}: {}", whom.name(), said.reason));
    return code;
}

/// It has no address: what could be done about that.
exit_code only_here(const target& whom, console& out)
{
    const fs::path socket = control::dashboard_beside(whom.place.socket);
    std::error_code ec;
    const bool there = fs::exists(socket, ec);
    control::answer said{exit_code::refused,
                         there ? "its dashboard has no address that a browser could go to"
                               : "it has no dashboard that a browser could go to"};
    if (there)
        said.data["socket"] = socket.string();
    const exit_code code = finish(whom, std::move(said), out);
    out.hint(
        "http = \"127.0.0.1:9464\" under [admin] in its file gives it one; it takes a restart");
    if (there)
        out.hint(fmt::format("until then, from another machine: ssh -L 9464:{} HOST, and "
                             "http://localhost:9464/",
                             socket.string()));
    return code;
}

void tell_about_token(const target& whom, control::answer& said, console& out)
{
    const fs::path token = control::token_beside(whom.place.socket);
    std::error_code ec;
    if (fs::exists(token, ec)) {
        said.data["token_file"] = token.string();
        out.hint(fmt::format("the page asks for the token that is in {}", token.string()));
    } else {
        out.hint("the page asks for the token of its configuration (admin.token, "
                 "admin.token_file)");
    }
}

exit_code run_open(const arguments& args, console& out)
{
    const auto whom = choose_apps(args, out, missing::only_one, open);
    if (whom.failed())
        return whom.code;
    const target& cohort = whom.targets.front();
    control::request ask{"ls"};
    ask.budget = 5s;
    const auto seen = ask_quietly(cohort, ask, control::client::manner::repeatable);
    if (seen.code != exit_code::done)
        return finish(cohort, seen, out);
    const auto* const dashboard = object_at(seen.data, "dashboard");
    const auto url = dashboard ? url_of(text_at(*dashboard, "http")) : std::nullopt;
    if (!url)
        return only_here(cohort, out);
    control::answer said{exit_code::done, ""};
    said.data["url"] = *url;
    const bool has_display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    bool shown = false;
    if (has_display && !args.flag("--print") && !out.wants_json()) {
        const auto opened = show_in_browser(*url);
        shown = opened.has_value();
        if (!shown)
            out.problem(opened.error().text());
    }
    out.line(shown ? fmt::format("opened {}", *url) : *url);
    tell_about_token(cohort, said, out);
    return finish(cohort, std::move(said), out);
}

constexpr auto aliases = std::to_array<std::string_view>({"dashboard", "plus"});
constexpr auto flags =
    std::to_array<flag_rule>({{"--print", "", "", "only say where it is, and open no browser"}});

}  // namespace

constinit const verb open{
    .name = "open",
    .aliases = aliases,
    .usage = "open [app] [--print] [--json]",
    .summary = "The dashboard in a browser; where there is no display, its address.",
    .about = "The address is that of admin.http; without it the dashboard has a Unix socket alone, "
             "which no browser opens, and open says what to do. The page asks for the token once.",
    .flags = flags,
    .run = run_open,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
