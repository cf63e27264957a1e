#include <cohort/primary/death_cause.hpp>

#include <cohort/primary/stack_report.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/symbols.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <ranges>

namespace cohort::primary {

namespace {

constexpr std::string_view escaped = "exception escaped: ";  // as workers say it in their farewell

bool is_fault(int signal) noexcept
{
    constexpr auto faults = std::to_array({SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP});
    return std::ranges::find(faults, signal) != faults.end();
}

std::optional<board::sender_reading> last_signal(const board::flight_reading* of)
{
    if (of == nullptr)
        return std::nullopt;
    for (const board::flight_moment& each : of->events | std::views::reverse) {
        if (each.kind == board::flight_kind::signal)
            return board::sender_reading{
                .signal = each.number, .process = each.subject, .name = each.text};
    }
    return std::nullopt;
}

finding judge_exit(const death_facts& known, int code)
{
    const std::string& said = known.how.last_words();
    if (said.starts_with(escaped)) {
        // With its type, if it left one.
        const std::string thrown = known.crash != nullptr && known.crash->signal == 0
                                       ? words_of_exception(*known.crash)
                                       : std::string{};
        return {death_cause::exception, thrown.empty() ? said : std::string{escaped} + thrown};
    }
    if (known.leaving && code == 0) {
        std::string words = "left in peace";
        if (const auto asked = last_signal(known.flight);
            asked && asked->process != static_cast<std::uint32_t>(known.primary))
            words += ", asked by " + words_of_sender(*asked, known.primary);
        return {death_cause::left, std::move(words)};
    }
    std::string words = known.crash != nullptr && known.crash->signal == 0
                            ? fmt::format("exit({}) was called", code)
                            : fmt::format("ended itself with exit code {}", code);
    if (known.crash != nullptr && !known.crash->stack.errand.empty())
        words += fmt::format(" by {}", known.crash->stack.errand);
    if (!said.empty())
        words += fmt::format(": {}", said);
    return {death_cause::exited, std::move(words)};
}

finding judge_own_fault(const death_facts& known, int signal)
{
    if (known.crash == nullptr) {
        const bool aborted = signal == SIGABRT;
        return {aborted ? death_cause::abort : death_cause::crash,
                fmt::format("{}: {}, and its crash handler did not get to say more",
                            aborted ? "aborted" : "crashed", process::signal_name(signal))};
    }
    if (const std::string thrown = words_of_exception(*known.crash); !thrown.empty())
        return {death_cause::exception,
                fmt::format("{}{}; {}", escaped, thrown, headline_of(*known.crash))};
    if (known.crash->signal == SIGABRT)
        return {death_cause::abort, "aborted: " + headline_of(*known.crash)};
    return {death_cause::crash, "crashed: " + headline_of(*known.crash)};
}

finding judge_signal(const death_facts& known, int signal)
{
    if (known.sender != nullptr)
        return {death_cause::outside, "killed by " + words_of_sender(*known.sender, known.primary)};
    if (is_fault(signal) || signal == SIGABRT)
        return judge_own_fault(known, signal);
    if (signal == SIGKILL && known.crash != nullptr && known.crash->signal != 0) {
        finding crashed = judge_own_fault(known, known.crash->signal);
        crashed.words += "; it was ended before its core was dumped";
        return crashed;
    }
    if (signal == SIGTERM && known.leaving)
        return {death_cause::left, "left when SIGTERM asked it to"};
    std::string words = fmt::format("killed by {} from outside", process::signal_name(signal));
    if (signal == SIGKILL)
        words += ": it was neither this cohort nor, for memory, the kernel; who else it was, the "
                 "kernel does not say";
    return {death_cause::outside, std::move(words)};
}

std::string words_of_want(const memory_facts& of)
{
    std::string words = "killed by the kernel for memory (OOM)";
    if (const std::string had = words_of(of); !had.empty())
        words += ": " + had;
    if (of.bound == 0)
        words += "; no limit.memory: the machine, or the control group that the cohort is in, had "
                 "no more";
    return words;
}

}  // namespace

std::string words_of_exception(const board::crash_reading& of)
{
    if (of.exception_type.empty())
        return {};
    std::string words = process::readable_name(of.exception_type);
    if (!of.exception_says.empty())
        words += ": " + of.exception_says;
    return words;
}

std::string words_of_sender(const board::sender_reading& of, pid_t primary)
{
    const std::string name = process::signal_name(of.signal);
    if (of.process == 0)
        return name + " from the kernel, or from another container";
    if (of.process == static_cast<std::uint32_t>(primary))
        return name + " from the primary of this cohort";
    if (of.name.empty())
        return fmt::format("{} from process {}", name, of.process);
    return fmt::format("{} from process {} ({})", name, of.process, of.name);
}

std::string words_of(const memory_facts& of)
{
    const auto megabytes = [](std::uint64_t bytes) {
        return fmt::format("{:.1f}M", static_cast<double>(bytes) / (1U << 20));
    };
    std::string words;
    if (of.resident != 0)
        words = megabytes(of.resident) + " at its last beat";
    if (of.bound != 0)
        words +=
            fmt::format("{}limit.memory is {}", words.empty() ? "" : "; ", megabytes(of.bound));
    if (of.bound != 0 && of.peak != 0)
        words += fmt::format(", of which its slot has had {}", megabytes(of.peak));
    return words;
}

finding judge(const death_facts& known)
{
    const exit_status& how = known.how;
    if (how.for_memory())
        return {death_cause::memory, words_of_want(known.memory)};
    // Whatever it died of in the end: it was going to die of this.
    const bool ended_by_us = known.ours != nullptr && how.signal() &&
                             (known.ours->signal == 0 || known.ours->signal == how.signal());
    if (ended_by_us)
        return {known.ours->why, fmt::format("{}; {} ended it", known.ours->words,
                                             process::signal_name(*how.signal()))};
    if (const auto code = how.code())
        return judge_exit(known, *code);
    if (const auto signal = how.signal())
        return judge_signal(known, *signal);
    return {death_cause::unknown, "gone, and nobody saw how"};
}

}  // namespace cohort::primary
