#include <cohort/primary/log_terms.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohort::primary {

namespace {

constexpr std::string_view app_mark = "{app}";
constexpr std::string_view slot_mark = "{slot}";

/// Source: https://no-color.org
bool has_colours() noexcept
{
    const auto value = [](const char* name) {
        const char* const text = std::getenv(name);
        return std::string_view{text == nullptr ? "" : text};
    };
    return value("NO_COLOR").empty() && value("TERM") != "dumb";
}

void replace_all(std::string& in, std::string_view what, std::string_view by)
{
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + by.size()))
        in.replace(at, what.size(), by);
}

}  // namespace

log::format shape_by(const config::log& terms) noexcept
{
    const bool to_terminal =
        terms.to.what == config::log_target::kind::output && ::isatty(STDOUT_FILENO) == 1;
    switch (terms.format) {
        case config::log_format::json:
            return log::format::json;
        case config::log_format::pino:
            return log::format::pino;
        case config::log_format::automatic:
            if (!to_terminal)
                return log::format::json;
            break;
        case config::log_format::text:
            break;
    }
    return to_terminal && has_colours() ? log::format::pretty : log::format::text;
}

void log_by(const config::log& terms)
{
    log::options wanted;
    wanted.least = log::parse_level(config::name_of(terms.level)).value_or(log::level::off);
    wanted.shape = shape_by(terms);
    if (const int open = log::kept_number(); open != -1)
        wanted.descriptor = open;
    log::configure(wanted);
}

result<> begin_log(const config::settings& settings)
{
    log_by(settings.log);
    if (settings.log.to.what == config::log_target::kind::journal)
        return log::go_to_journal(settings.name);
    const std::string path = log_path(settings, std::nullopt);
    return path.empty() ? result<>{} : log::go_to_file(path);
}

std::string log_path(const config::settings& settings, std::optional<std::uint32_t> slot)
{
    const config::log_target& to = settings.log.to;
    if (to.what != config::log_target::kind::file)
        return {};
    std::string path = to.path;
    replace_all(path, slot_mark, slot ? fmt::format("{}", *slot) : "primary");
    replace_all(path, app_mark, settings.name);
    // A worker may go to another folder, and who reads the log is in another one.
    std::error_code ec;
    const auto whole = std::filesystem::absolute(path, ec);
    return ec ? path : whole.lexically_normal().string();
}

std::string log_hindrance(const config::settings& settings)
{
    namespace fs = std::filesystem;
    std::error_code ec;
    if (settings.log.to.what == config::log_target::kind::journal)
        return fs::exists(log::journal_socket, ec)
                   ? std::string{}
                   : fmt::format("there is no journal here: no {}", log::journal_socket);
    fs::path at = log_path(settings, std::nullopt);
    if (at.empty())
        return {};
    if (fs::exists(fs::symlink_status(at, ec))) {
        if (!fs::is_regular_file(at, ec))
            return fmt::format("{} is no regular file", at.string());
        if (::access(at.c_str(), W_OK) != 0)
            return fmt::format("cannot write to {}: {}", at.string(), last_errno().message());
        const auto opened = log::open_file(at.string());  // it is there, so none is made
        return opened ? std::string{} : opened.error().text();
    }
    while (at.has_relative_path() && !fs::exists(at, ec))
        at = at.parent_path();
    if (!fs::is_directory(at, ec))
        return fmt::format("{} is no folder", at.string());
    return ::access(at.c_str(), W_OK | X_OK) == 0
               ? std::string{}
               : fmt::format("cannot write into {}: {}", at.string(), last_errno().message());
}

bool logs_by_slot(const config::settings& settings) noexcept
{
    const config::log_target& to = settings.log.to;
    return to.what == config::log_target::kind::file &&
           to.path.find(slot_mark) != std::string::npos;
}

forked_log forked_log::of(const config::settings& settings, std::uint32_t slot)
{
    forked_log made;
    if (!logs_by_slot(settings))
        return made;
    made.path_ = log_path(settings, slot);
    if (auto file = log::open_file(made.path_); file)
        made.own_ = std::make_shared<unique_fd>(*std::move(file));
    else
        log::warn("{}; slot {} writes to {} for now", file.error().text(), slot, log::file_path());
    return made;
}

int forked_log::number() const noexcept { return own_ ? own_->borrow() : log::kept_number(); }

void forked_log::take() const noexcept
{
    if (!own_)
        return;
    log::begin_in_file(path_, std::move(*own_));
}

}  // namespace cohort::primary
