#include <cohort/cli/verbs.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/cli/target.hpp>

#include <boost/json/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstring>
#include <iterator>

namespace cohort::cli::verbs {

namespace {

/// Neither waits for anything.
constexpr milliseconds answers_within = std::chrono::seconds{5};

std::optional<int> signal_number(std::string_view text)
{
    if (const auto number = parse_integer<int>(text))
        return *number >= 1 && *number <= SIGRTMAX ? number : std::nullopt;
    std::string name;
    std::ranges::transform(text, std::back_inserter(name),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name.starts_with("SIG"))
        name.erase(0, 3);
    for (int number = 1; number < NSIG; ++number) {
        const char* const known = ::sigabbrev_np(number);
        if (known != nullptr && name == known)
            return number;
    }
    return std::nullopt;
}

exit_code run_signal(const arguments& args, console& out)
{
    const auto which = args.word(0);
    const auto number = which ? signal_number(*which) : std::nullopt;
    if (!number)
        return misused(out, signal,
                       which ? fmt::format("no signal {}", printable(*which))
                             : std::string{"signal needs to know which one"});
    const auto whom = choose(args, out, args.word(1), missing::only_one);
    if (whom.failed())
        return whom.code;
    control::request ask{"signal"};
    ask.budget = answers_within;
    ask.arguments["number"] = *number;
    return ask_all(whom, ask, control::client::manner::once, out);
}

exit_code run_send(const arguments& args, console& out)
{
    const bool named = args.words().size() > 1;
    const auto text = args.word(named ? 1 : 0);
    if (!text || args.words().size() > 2)
        return misused(out, send, "send needs a message in JSON");
    error_code ec;
    auto message = boost::json::parse(*text, ec);
    if (ec)
        return misused(out, send,
                       fmt::format("that is no JSON ({}): {}", ec.message(), printable(*text)));
    const auto whom = choose(args, out, named ? args.word(0) : std::nullopt, missing::only_one);
    if (whom.failed())
        return whom.code;
    control::request ask{"send"};
    ask.budget = answers_within;
    ask.arguments["message"] = std::move(message);
    return ask_all(whom, ask, control::client::manner::once, out);
}

constexpr auto signal_aliases = std::to_array<std::string_view>({"sendSignal", "kill"});
constexpr auto send_aliases = std::to_array<std::string_view>({"trigger"});

}  // namespace

constinit const verb signal{
    .name = "signal",
    .aliases = signal_aliases,
    .usage = "signal SIG [app[.slot]] [--json]",
    .summary = "A raw signal to workers: TERM drains one, ABRT ends it and keeps its stacks.",
    .about =
        "SIG is a name (TERM, SIGUSR1) or a number. Only workers get it, never keepers. Before "
        "ABRT the stacks are taken, for `why`; `dump` shows them without ending anybody.",
    .flags = {},
    .run = run_signal,
    .words_max = 2,
};

constinit const verb send{
    .name = "send",
    .aliases = send_aliases,
    .usage = "send [app[.slot]] JSON [--json]",
    .summary = "A message to workers: their on_message hook gets it.",
    .about = "",
    .flags = {},
    .run = run_send,
    .words_max = 2,
};

}  // namespace cohort::cli::verbs
