#include <cohort/cli/console.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/cli/calm.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace cohort::cli {

namespace {

constexpr std::size_t gap = 2;

std::string_view code_of(tone how) noexcept
{
    switch (how) {
        case tone::good:
            return "32";
        case tone::warning:
            return "33";
        case tone::bad:
            return "31";
        case tone::faint:
            return "2";
        case tone::strong:
            return "1";
        case tone::plain:
            break;
    }
    return "";
}

bool is_set(const char* name)
{
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

void pad(std::string& to, std::size_t spaces) { to.append(spaces, ' '); }

/// Whoever reads may have gone: that is no failure of ours.
void put(std::FILE* to, std::string_view text)
{
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), to));
}

}  // namespace

std::size_t width_of(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string_view cut(std::string_view text, std::size_t width) noexcept
{
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
        const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U;
        if (begins && width-- == 0)
            break;
    }
    return text.substr(0, end);
}

void table::column(std::string head, side where) { heads_.emplace_back(std::move(head), where); }

void table::row(std::vector<cell> cells)
{
    for (cell& each : cells)
        each.text = printable(each.text);
    cells.resize(heads_.size(), cell{""});
    rows_.push_back(std::move(cells));
}

console::console()
    : terminal_{::isatty(STDOUT_FILENO) == 1}, error_terminal_{::isatty(STDERR_FILENO) == 1}
{
    const char* const term = std::getenv("TERM");
    const bool dumb = term != nullptr && std::string_view{term} == "dumb";
    colours_ = terminal_ && !dumb && !is_set("NO_COLOR");
}

unsigned console::width() const noexcept
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

unsigned console::height() const noexcept
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
        return size.ws_row;
    return 24;
}

std::string console::paint(std::string_view text, tone how) const
{
    if (!colours_ || how == tone::plain)
        return std::string{text};
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(how), text);
}

void console::end_progress(std::string_view result)
{
    const std::string held = std::exchange(held_progress_, {});
    if (!held.empty() && result.find(held) == std::string_view::npos)
        put(stderr, held + '\n');
    if (std::exchange(progress_shown_, false))
        put(stderr, "\r\x1b[K");
}

void console::line(std::string_view text)
{
    if (json_)
        return;
    end_progress(text);
    put(stdout, calm(text) + '\n');
}

void console::raw(std::string_view text)
{
    said_json_ = true;
    end_progress();
    put(stdout, text);
}

void console::flush() { std::fflush(stdout); }

void console::print(const table& what)
{
    if (json_)
        return;
    end_progress();
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < what.heads_.size(); ++i) {
        std::size_t width = width_of(what.heads_[i].first);
        for (const auto& row : what.rows_)
            width = std::max(width, width_of(row[i].text));
        widths.push_back(width);
    }
    const auto write = [&](const std::vector<table::cell>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::size_t room = widths[i] - width_of(cells[i].text);
            const bool right = what.heads_[i].second == table::side::right;
            if (right)
                pad(text, room);
            text += paint(cells[i].text, cells[i].colour);
            if (!right && i + 1 < cells.size())
                pad(text, room);
            if (i + 1 < cells.size())
                pad(text, gap);
        }
        put(stdout, text + '\n');
    };
    std::vector<table::cell> head;
    head.reserve(what.heads_.size());
    for (const auto& [words, where] : what.heads_)
        head.emplace_back(words, tone::faint);
    write(head);
    for (const auto& row : what.rows_)
        write(row);
}

void console::progress(std::string_view text)
{
    if (json_)
        return;
    std::fflush(stdout);
    if (error_terminal_) {
        put(stderr, fmt::format("\r\x1b[K{}", printable(text.substr(0, text.find('\n')))));
        progress_shown_ = true;
    } else {
        end_progress(printable_lines(text));
        held_progress_ = printable_lines(text);
    }
    std::fflush(stderr);
}

void console::json(const boost::json::value& what)
{
    said_json_ = true;
    put(stdout, boost::json::serialize(what) + '\n');
}

void console::conclude_json(unsigned code)
{
    if (json_ && !said_json_ && code != 0)
        json(boost::json::object{{"exit", code}, {"reason", first_problem_}});
}

void console::problem(std::string_view text)
{
    if (first_problem_.empty())
        first_problem_ = text;
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    end_progress(text);
    std::fflush(stdout);
    put(stderr, fmt::format("cohort: {}\n", calm(text)));
}

void console::hint(std::string_view text)
{
    if (!json_)
        put(stderr, fmt::format("        {}\n", calm(text)));
}

}  // namespace cohort::cli
