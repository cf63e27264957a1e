#include <cohort/primary/stack_report.hpp>

#include <cohort/process/exit_reason.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <csignal>
#include <string_view>
#include <utility>

namespace cohort::primary {

namespace json = boost::json;

namespace {

std::string_view words_of(board::stack_end end) noexcept
{
    switch (end) {
        case board::stack_end::whole:
            return "";
        case board::stack_end::cut:
            return "and more: the stack is deeper";
        case board::stack_end::unreadable:
            return "the rest of the stack cannot be read";
    }
    return "";
}

std::string words_of_fault(const board::crash_reading& of)
{
    // What a program does to itself (abort) has no place; the kernel's codes are positive.
    if (of.code <= 0)
        return {};
    std::string_view what = "at";
    if (of.signal == SIGSEGV && of.code == SEGV_MAPERR)
        what = "no memory at";
    else if (of.signal == SIGSEGV && of.code == SEGV_ACCERR)
        what = "no right to the memory at";
    else if (of.signal == SIGBUS)
        what = "nothing behind the memory at";
    return fmt::format(": {} {:#x}", what, of.address);
}

json::value maybe(const std::string& text)
{
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object to_json(std::uint64_t address, const process::frame_finder& names)
{
    json::object words{{"address", fmt::format("{:#x}", address)}};
    const process::frame_words* const known = names.at(address);
    words["function"] = known == nullptr ? json::value(nullptr) : maybe(known->function.name);
    words["beyond"] = known == nullptr ? 0 : known->function.beyond;
    words["file"] = known == nullptr ? json::value(nullptr) : maybe(known->file);
    words["offset"] =
        known == nullptr ? json::value(nullptr) : json::value(fmt::format("{:#x}", known->address));
    words["build_id"] = known == nullptr ? json::value(nullptr) : maybe(known->build_id);
    return words;
}

json::array frames_of(const board::stack_reading& of, const process::frame_finder& names)
{
    json::array frames;
    for (const std::uint64_t each : of.frames)
        frames.emplace_back(to_json(each, names));
    return frames;
}

json::object to_json(const process::thread_stack& of, const process::frame_finder& names)
{
    json::object words{{"thread", of.of.thread}, {"name", of.of.name}};
    words["state"] = std::string(1, of.of.state);
    words["waits_in"] = maybe(of.of.waits_in);
    words["request"] = maybe(of.shown.errand);
    words["silence"] = maybe(of.silence);
    words["system_call"] = maybe(of.of.system_call);
    json::array kernel;
    for (const std::string& each : of.of.stack)
        kernel.emplace_back(each);
    words["kernel_stack"] = std::move(kernel);
    words["frames"] = frames_of(of.shown, names);
    words["whole"] = of.shown.end == board::stack_end::whole;
    return words;
}

}  // namespace

std::string headline_of(const board::crash_reading& of)
{
    std::string words = process::signal_name(of.signal) + words_of_fault(of);
    if (of.signal == 0)
        words = of.exception_type.empty() ? "exit() was called" : "it was thrown";
    words += fmt::format(", in thread {}", of.thread);
    if (!of.stack.errand.empty())
        words += fmt::format(", {}", of.stack.errand);
    return words;
}

std::string text_of(const board::crash_reading& of, const process::frame_finder& names)
{
    std::string text = headline_of(of) + "\n";
    for (const std::uint64_t frame : of.stack.frames)
        text += fmt::format("    {}\n", frame_of(frame, names));
    if (const auto end = words_of(of.stack.end); !end.empty())
        text += fmt::format("    ({})\n", end);
    return text;
}

std::vector<std::uint64_t> addresses_on(const process::stacks_of_all& of)
{
    std::vector<std::uint64_t> all;
    for (const auto& each : of.threads)
        all.insert(all.end(), each.shown.frames.begin(), each.shown.frames.end());
    return all;
}

std::string headline_of(const process::thread_stack& of)
{
    std::string words = fmt::format("thread {} \"{}\" {}", of.of.thread, of.of.name,
                                    process::words_of_state(of.of.state));
    if (!of.of.waits_in.empty())
        words += fmt::format(" in {}", of.of.waits_in);
    if (!of.shown.errand.empty())
        words += fmt::format(", {}", of.shown.errand);
    if (!of.silence.empty())
        words += fmt::format(": {}", of.silence);
    return words;
}

std::string frame_of(std::uint64_t address, const process::frame_finder& names)
{
    const process::frame_words* const known = names.at(address);
    if (known == nullptr)
        return fmt::format("{:#x}", address);
    if (known->function.name.empty())
        return fmt::format("{}+{:#x}", known->file, known->address);
    return fmt::format("{}+{:#x}  {}+{:#x}", known->function.name, known->function.beyond,
                       known->file, known->address);
}

std::string path_of(const board::stack_reading& of, const process::frame_finder& names,
                    std::size_t most)
{
    std::string words;
    for (std::size_t i = 0; i < of.frames.size() && i < most; ++i) {
        const process::frame_words* const known = names.at(of.frames[i]);
        words += i == 0 ? "" : " < ";
        words += known != nullptr && !known->function.name.empty() ? known->function.name
                                                                   : frame_of(of.frames[i], names);
    }
    return of.frames.size() > most ? words + " < …" : words;
}

std::string text_of(const process::stacks_of_all& of, const process::frame_finder& names)
{
    std::string text;
    std::size_t left_out = of.more;
    const auto add = [&text](std::string_view line) { text += fmt::format("{}\n", line); };
    for (const process::thread_stack& each : of.threads) {
        if (text.size() > report_bytes_max) {
            ++left_out;
            continue;
        }
        add(headline_of(each));
        for (const std::uint64_t frame : each.shown.frames)
            add("    " + frame_of(frame, names));
        if (const auto end = words_of(each.shown.end); !end.empty())
            add(fmt::format("    ({})", end));
        if (!each.of.system_call.empty())
            add("    system call " + each.of.system_call);
        for (const std::string& frame : each.of.stack)
            add("    kernel: " + frame);
    }
    if (left_out != 0)
        add(fmt::format("and {} more threads", left_out));
    return text;
}

json::array to_json(const board::stack_reading& of, const process::frame_finder& names)
{
    return frames_of(of, names);
}

json::array to_json(const process::stacks_of_all& of, const process::frame_finder& names)
{
    json::array all;
    for (const process::thread_stack& each : of.threads)
        all.emplace_back(to_json(each, names));
    return all;
}

}  // namespace cohort::primary
