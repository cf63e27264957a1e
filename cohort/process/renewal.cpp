#include <cohort/process/renewal.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/detail/pointers.hpp>
#include <cohort/process/kept_bytes.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace cohort::process {

namespace {

/// "4711 ledger:5,board:6,held-numbers:9": for whom, and what.
constexpr const char* variable = "COHORT_RENEWAL";
constexpr const char* path_variable = "COHORT_RENEWAL_PATH";
constexpr std::string_view list_name = "held-numbers";
constexpr std::size_t held_most = std::size_t{1} << 20;

result<> leave_open(int number)
{
    if (::fcntl(number, F_SETFD, 0) == -1)
        return failed("pass on descriptor", std::to_string(number));
    return {};
}

result<> close_on_exec(int number)
{
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) == -1)
        return failed("take descriptor", std::to_string(number));
    return {};
}

/// They may be thousands, and need not be in a row: an environment variable has no room for them.
result<unique_fd> write_list(const std::vector<int>& numbers)
{
    const auto* const bytes = reinterpret_cast<const char*>(numbers.data());
    return keep_bytes("cohort-held", {bytes, numbers.size() * sizeof(int)});
}

result<std::vector<int>> read_list(const unique_fd& memory)
{
    const off_t size = ::lseek(memory.borrow(), 0, SEEK_END);
    if (size < 0 || static_cast<std::size_t>(size) > held_most * sizeof(int))
        return failed(errc::malformed, "read what was held");
    std::vector<int> numbers(static_cast<std::size_t>(size) / sizeof(int));
    const std::size_t bytes = numbers.size() * sizeof(int);
    if (::pread(memory.borrow(), numbers.data(), bytes, 0) != static_cast<ssize_t>(bytes))
        return failed(errc::malformed, "read what was held");
    std::ranges::sort(numbers);
    return numbers;
}

/// Returns only if it failed.
result<> execute(const renewal& what, int list)
{
    manifest named = what.named;
    named.push_back({.name = std::string{list_name}, .number = list});
    COHORT_TRY(const std::string text, encode(named));
    std::vector<std::string> more = what.more;
    more.push_back(fmt::format("{}={} {}", variable, ::getpid(), text));
    more.push_back(fmt::format("{}={}", path_variable, what.path));
    const std::vector<std::string> environment = environment_with(more);
    if (!what.folder.empty() && ::chdir(what.folder.c_str()) == -1)
        return failed("change directory", what.folder);
    const auto argv = detail::pointers_to(what.args);
    const auto envp = detail::pointers_to(environment);
    if (what.binary == -1)
        ::execve(what.path.c_str(), argv.data(), envp.data());
    else
        ::execveat(what.binary, "", argv.data(), envp.data(), AT_EMPTY_PATH);
    return failed("execute", what.path);
}

std::vector<int> all_of(const renewal& what, int list)
{
    std::vector<int> all = what.held;
    all.insert(all.end(), what.passed.begin(), what.passed.end());
    for (const named_descriptor& each : what.named)
        all.push_back(each.number);
    all.push_back(list);
    return all;
}

result<> try_to_renew(const renewal& what)
{
    COHORT_TRY(const unique_fd list, write_list(what.held));
    const auto all = all_of(what, list.borrow());
    result<> done;
    for (const int each : all) {
        if (done)
            done = leave_open(each);
    }
    if (done)
        done = execute(what, list.borrow());
    for (const int each : all)
        static_cast<void>(close_on_exec(each));
    return done;
}

std::string take(const char* name)
{
    const char* const value = ::getenv(name);
    std::string text = value == nullptr ? std::string{} : std::string{value};
    ::unsetenv(name);
    return text;
}

result<std::optional<legacy>> look()
{
    const std::string text = take(variable);
    std::string path = take(path_variable);
    const std::size_t space = text.find(' ');
    // Somebody else's: a program that was renewed has started us, and did not know of this.
    if (space == std::string::npos ||
        parse_integer<pid_t>(std::string_view{text}.substr(0, space)) != ::getpid())
        return std::nullopt;
    legacy found;
    found.path = std::move(path);
    COHORT_TRY(found.named, parse_manifest(std::string_view{text}.substr(space + 1)));
    const auto list = std::ranges::find(found.named, list_name, &named_descriptor::name);
    if (list == found.named.end())
        return failed(errc::malformed, "read COHORT_RENEWAL", text);
    const unique_fd memory{list->number};
    found.named.erase(list);
    COHORT_TRY(found.held, read_list(memory));
    for (const int each : found.held) {
        COHORT_TRY(close_on_exec(each));
    }
    for (const named_descriptor& each : found.named) {
        COHORT_TRY(close_on_exec(each.number));
    }
    return found;
}

/// Before main: what it starts must not inherit what was left.
const result<std::optional<legacy>> at_start = look();

}  // namespace

fault renew(const renewal& what)
{
    auto done = try_to_renew(what);
    return std::move(done).error();
}

const result<std::optional<legacy>>& found_legacy() { return at_start; }

}  // namespace cohort::process
