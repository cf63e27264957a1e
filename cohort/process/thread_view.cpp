#include <cohort/process/thread_view.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cohort::process {

namespace {

namespace files = std::filesystem;

constexpr std::size_t kernel_frames_max = 16;
constexpr std::size_t text_max = 200;

std::string read_of(pid_t process, pid_t thread, std::string_view file)
{
    auto text = read_system_file(fmt::format("/proc/{}/task/{}/{}", process, thread, file));
    return std::move(text).value_or(std::string{});
}

std::string printable(std::string_view text)
{
    std::string plain{text.substr(0, text_max)};
    std::ranges::replace_if(plain, [](char c) { return c < ' ' || c > '~'; }, '?');
    return plain;
}

std::vector<pid_t> numbers_of_threads(pid_t process)
{
    std::vector<pid_t> numbers;
    std::error_code gone;
    for (const auto& each : files::directory_iterator{fmt::format("/proc/{}/task", process), gone})
    {
        if (const auto number = parse_integer<pid_t>(each.path().filename().string()))
            numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    // Numbers may have wrapped around.
    if (const auto first = std::ranges::find(numbers, process); first != numbers.end())
        std::rotate(numbers.begin(), first, first + 1);
    return numbers;
}

}  // namespace

std::string_view words_of_state(char state) noexcept
{
    switch (state) {
        case 'R':
            return "runs";
        case 'S':
            return "waits";
        case 'D':
            return "waits and cannot be interrupted";
        case 'T':
            return "is stopped";
        case 't':
            return "is held by a debugger";
        case 'Z':
        case 'X':
            return "has ended";
        default:
            return "is in a state that nobody knows";
    }
}

std::optional<thread_view> parse_thread_status(std::string_view text)
{
    thread_view seen;
    bool named = false;
    bool stated = false;
    while (!text.empty()) {
        std::string_view value = detail::next_line(text);
        const std::string_view key = detail::cut(value, ':');
        value = detail::skip_blanks(value);
        if (key == "Name") {
            seen.name = printable(value);
            named = true;
        } else if (key == "State" && !value.empty()) {
            seen.state = value.front();
            stated = true;
        } else if (key == "SigBlk") {
            seen.blocked = detail::hexadecimal(value).value_or(0);
        } else if (key == "SigCgt") {
            seen.handled = detail::hexadecimal(value).value_or(0);
        }
    }
    return named && stated ? std::optional{std::move(seen)} : std::nullopt;
}

threads_view look_at_threads(pid_t process, std::size_t most)
{
    threads_view all;
    std::vector<pid_t> numbers = numbers_of_threads(process);
    if (numbers.size() > most) {
        all.more = numbers.size() - most;
        numbers.resize(most);
    }
    for (const pid_t each : numbers) {
        auto seen = parse_thread_status(read_of(process, each, "status"));
        if (!seen)
            continue;  // it has ended meanwhile
        seen->thread = each;
        const std::string where = read_of(process, each, "wchan");
        seen->waits_in = where == "0" ? std::string{} : printable(where);
        all.threads.push_back(*std::move(seen));
    }
    return all;
}

void look_closer(pid_t process, thread_view& at)
{
    std::string call = read_of(process, at.thread, "syscall");
    if (!call.empty() && call.back() == '\n')
        call.pop_back();
    at.system_call = call == "running" ? std::string{} : printable(call);
    const std::string frames = read_of(process, at.thread, "stack");
    std::string_view rest = frames;
    while (!rest.empty() && at.stack.size() < kernel_frames_max)
        at.stack.push_back(printable(detail::next_line(rest)));
}

}  // namespace cohort::process
