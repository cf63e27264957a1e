#include <cohort/cli/verbs.hpp>

#include <cohort/cli/dashboard_state.hpp>
#include <cohort/cli/pace.hpp>
#include <cohort/cli/screen.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/top_view.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_kept = 50;
/// Until it is so: what is ordered goes on, and the next looks tell how far it is.
constexpr milliseconds order_takes = 300ms;
/// Without it there is less to see; the first one to ask waits until its process is there.
constexpr milliseconds dashboard_takes = 1s;

control::answer survey_of(const target& whom)
{
    control::request ask{"ls"};
    ask.budget = 2s;
    auto said = ask_quietly(whom, ask, control::client::manner::repeatable);
    if (said.code == exit_code::done)
        add_footprints(said.data);
    return said;
}

/// One look at all of them, as text or JSON.
exit_code print_all(const choice& whom, console& out)
{
    exit_code worst = exit_code::done;
    if (whom.targets.empty()) {
        out.line("no cohort runs here");
        if (out.wants_json())
            out.json(boost::json::object{{"exit", 0}, {"reason", "no cohort runs here"}});
    }
    for (const target& each : whom.targets) {
        const auto said = survey_of(each);
        worst = std::max(worst, said.code);
        if (out.wants_json()) {
            out.json(to_json(each, said));
        } else if (said.code != exit_code::done) {
            out.line(fmt::format("{}: {}", each.name(), said.reason));
        } else {
            out.print(cohorts_table({said.data}));
            out.line("");
            out.print(slots_table(said.data));
            out.line("");
        }
    }
    return worst;
}

/// The live view: what was seen, what was chosen, what was ordered. A resource: has the terminal.
class live_view {
public:
    live_view(choice whom, console& out, bool all)
        : whom_{std::move(whom)}, out_{out}, shown_{out}, all_{all}
    {}

    exit_code run(milliseconds every, std::size_t frames);

private:
    void look();
    void look_at(const target& each, steady_time when);
    void find_again();
    void draw();
    /// False: leave.
    [[nodiscard]] bool press(const key& what);
    void press_letter(char letter);
    void step(int by);
    void order(std::string_view verb);
    [[nodiscard]] const target* target_of(std::string_view slot) const;

    choice whom_;
    console& out_;
    screen shown_;
    bool all_;  // those that come later, too
    std::map<std::string, pace> paces_;
    std::vector<top_look> looks_;
    top_choice chosen_;
    std::string asked_;  // for which slot the question is that is on the screen
    exit_code worst_ = exit_code::done;
};

void live_view::look_at(const target& each, steady_time when)
{
    top_look seen;
    auto said = survey_of(each);
    if (said.code != exit_code::done) {
        seen.problem = fmt::format("{}: {}", each.name(), said.reason);
        worst_ = std::max(worst_, said.code);
        looks_.push_back(std::move(seen));
        return;
    }
    seen.survey = std::move(said.data);
    pace& running = paces_[each.place.socket.string()];
    running.add(seen.survey, when);
    seen.history = running.history();
    if (const auto state = dashboard_state(each.place.socket, dashboard_takes))
        add_state(seen.survey, *state);
    control::request ask{"events"};
    ask.budget = 2s;
    ask.arguments["last"] = events_kept;
    ask.arguments["follow"] = false;
    static_cast<void>(
        ask_quietly(each, ask, control::client::manner::repeatable,
                    [&seen](const control::progress& what) { seen.events.push_back(what.data); }));
    looks_.push_back(std::move(seen));
}

void live_view::look()
{
    looks_.clear();
    worst_ = exit_code::done;
    for (const target& each : whom_.targets)
        look_at(each, now());
}

void live_view::find_again()
{
    auto again = control::find_cohorts(control::viewpoint::here());
    if (!all_ || !again)
        return;
    whom_.targets.clear();
    for (auto& each : *again)
        whom_.targets.push_back({.place = std::move(each), .slot = {}});
}

void live_view::draw()
{
    shown_.begin();
    const auto lines = top_lines(looks_, chosen_, out_.width(), out_.height());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string text;
        for (const table::cell& each : lines[i].pieces)
            text += out_.paint(each.text, lines[i].chosen ? tone::strong : each.colour);
        if (i + 1 < lines.size())
            shown_.line(text);
        else
            shown_.last_line(text);
    }
}

void live_view::step(int by)
{
    const auto all = top_slots(looks_, chosen_.order);
    if (all.empty())
        return;
    const auto at = std::ranges::find(all, chosen_.slot);
    if (at == all.end()) {
        chosen_.slot = all.front();
        return;
    }
    const auto place = std::clamp<std::ptrdiff_t>(at - all.begin() + by, 0, std::ssize(all) - 1);
    chosen_.slot = all[static_cast<std::size_t>(place)];
}

const target* live_view::target_of(std::string_view slot) const
{
    const auto name = take_apart_name(slot);
    const auto found = std::ranges::find(whom_.targets, name.app,
                                         [](const target& each) { return each.place.app; });
    return name.slot && found != whom_.targets.end() ? &*found : nullptr;
}

void live_view::order(std::string_view verb)
{
    const target* const found = target_of(chosen_.slot);
    if (found == nullptr) {
        chosen_.message = "choose a slot first: the arrows go through them";
        return;
    }
    control::request what{std::string{verb}};
    what.slot = take_apart_name(chosen_.slot).slot;
    what.budget = order_takes;
    const auto said = ask_quietly(*found, what, control::client::manner::repeatable);
    chosen_.message = fmt::format("{} {}: {}", verb, chosen_.slot,
                                  printable(said.reason.empty() ? "done" : said.reason));
    look();
}

void live_view::press_letter(char letter)
{
    chosen_.message.clear();
    if (!std::exchange(asked_, {}).empty()) {
        if (letter == 'y' || letter == 'Y')
            order("drain");
        else
            chosen_.message = "nothing was done";
        return;
    }
    switch (letter) {
        case 's':
            chosen_.order =
                static_cast<top_order>((std::to_underlying(chosen_.order) + 1) % top_orders);
            break;
        case 'j':
            step(1);
            break;
        case 'k':
            step(-1);
            break;
        case 'd':
            if (target_of(chosen_.slot) == nullptr) {
                order("drain");  // says that none is chosen
                break;
            }
            asked_ = chosen_.slot;
            chosen_.message =
                fmt::format("drain {}? Its slot stays empty until it is resumed. y/n", asked_);
            break;
        case 'u':
            order("resume");
            break;
        default:
            break;
    }
}

bool live_view::press(const key& what)
{
    switch (what.what) {
        case key::kind::leave:
            return false;
        case key::kind::up:
            step(-1);
            break;
        case key::kind::down:
            step(1);
            break;
        case key::kind::letter:
            if (asked_.empty() && (what.letter == 'q' || what.letter == 'Q'))
                return false;
            press_letter(what.letter);
            break;
        case key::kind::nothing:
        case key::kind::resized:
            break;
    }
    return true;
}

exit_code live_view::run(milliseconds every, std::size_t frames)
{
    for (std::size_t frame = 1;; ++frame) {
        look();
        draw();
        const steady_time next = now() + every;  // there is a wait, in which signals are heard
        if (frame == frames)
            return worst_;
        for (;;) {
            const auto left = std::chrono::duration_cast<milliseconds>(next - now());
            if (left <= 0ms)
                break;
            if (!press(shown_.wait(left)))
                return worst_;
            draw();
        }
        find_again();
    }
}

exit_code run_top(const arguments& args, console& out)
{
    const auto every = args.duration("--every", 1s);
    const auto frames = args.number("--frames", 0);
    if (!every || !frames || *every < 100ms)
        return misused(out, top, "--every is 100ms or more, --frames a number");
    auto whom = choose(args, out, args.word(0), missing::all);
    if (whom.failed())
        return whom.code;
    const char* const term = std::getenv("TERM");
    const bool moves = term != nullptr && std::string_view{term} != "dumb";
    if (!moves || !out.is_terminal() || out.wants_json() || ::isatty(STDIN_FILENO) == 0)
        return print_all(whom, out);
    const bool all = !args.word(0) && !args.value("--socket");
    live_view view{std::move(whom), out, all};
    return view.run(*every, *frames);
}

constexpr auto aliases = std::to_array<std::string_view>({"monit", "imonit"});
constexpr auto flags = std::to_array<flag_rule>({
    {"--every", "-d", "DURATION", "how often to look (1s)"},
    {"--frames", "", "N", "leave after so many looks"},
});

}  // namespace

constinit const verb top{
    .name = "top",
    .aliases = aliases,
    .usage = "top [app] [--every DURATION]",
    .summary = "The cohorts and their slots, live: rates, the oddest worker first, what happened.",
    .about = "Arrows (or j, k) choose a slot, d drains it after a question, u resumes it, s sorts "
             "by the next of oddness, slot, req/s, cpu, memory, restarts, and q leaves. cpu is of "
             "now, of one processor. Where the output is no terminal, or a dumb one, or with "
             "--json: one look.",
    .flags = flags,
    .run = run_top,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
