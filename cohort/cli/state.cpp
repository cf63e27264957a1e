#include <cohort/cli/state.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/cgroup.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace cohort::cli {

namespace {

namespace json = boost::json;

constexpr const char* runtime_variable = "COHORT_RUNTIME_DIR";
constexpr std::string_view record_ending = ".start.json";
constexpr std::uintmax_t tail_bytes_max = std::uintmax_t{1} << 20;

std::optional<std::string> variable(const char* name)
{
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0')
        return std::nullopt;
    return value;
}

fault because(const std::error_code& ec, literal doing, const std::filesystem::path& what)
{
    return {error_code{ec.value(), boost::system::system_category()}, doing, what.string()};
}

/// For its owner only: arguments may have secrets in them.
result<> write_private(const std::string& path, std::string_view text)
{
    constexpr int how = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    const unique_fd file{::open(path.c_str(), how, S_IRUSR | S_IWUSR)};
    if (!file.valid() || ::fchmod(file.borrow(), S_IRUSR | S_IWUSR) == -1)
        return failed("write", path);
    while (!text.empty()) {
        const auto wrote = ::write(file.borrow(), text.data(), text.size());
        if (wrote >= 0)
            text.remove_prefix(static_cast<std::size_t>(wrote));
        else if (errno != EINTR)
            return failed("write", path);
    }
    return {};
}

std::filesystem::path record_file(const std::filesystem::path& state, const std::string& app)
{
    return state / (app + std::string{record_ending});
}

}  // namespace

result<std::filesystem::path> state_path()
{
    std::filesystem::path folder;
    if (const auto own = variable("COHORT_STATE_DIR"))
        folder = *own;
    else if (::geteuid() == 0)
        folder = "/var/log/cohort";
    else if (const auto state = variable("XDG_STATE_HOME"))
        folder = std::filesystem::path{*state} / "cohort";
    else if (const auto home = variable("HOME"))
        folder = std::filesystem::path{*home} / ".local/state/cohort";
    else
        return std::unexpected(because(std::make_error_code(std::errc::no_such_file_or_directory),
                                       "find a folder for logs without HOME: set COHORT_STATE_DIR",
                                       {}));
    return folder;
}

result<std::filesystem::path> state_folder()
{
    COHORT_TRY(auto folder, state_path());
    std::error_code ec;
    if (std::filesystem::create_directories(folder, ec))
        ::chmod(folder.c_str(), S_IRWXU | S_IRGRP | S_IXGRP);
    if (ec)
        return std::unexpected(because(ec, "make the folder", folder));
    return folder;
}

std::filesystem::path log_file(const std::filesystem::path& state, const std::string& app)
{
    return state / (app + ".log");
}

result<> remember(const std::filesystem::path& state, const launch_record& what)
{
    json::array args;
    for (const std::string& each : what.args)
        args.emplace_back(each);
    const json::object words{
        {"app", what.app},         {"program", what.program},
        {"args", std::move(args)}, {"folder", what.folder},
        {"wanted", what.wanted},   {"runtime", variable(runtime_variable).value_or("")}};
    const auto path = record_file(state, what.app);
    const auto fresh = path.string() + ".new";
    COHORT_TRY(write_private(fresh, json::serialize(words) + '\n'));
    std::error_code ec;
    std::filesystem::rename(fresh, path, ec);
    if (ec)
        return std::unexpected(because(ec, "write", path));
    return {};
}

std::optional<launch_record> recall(const std::filesystem::path& state, const std::string& app)
{
    const auto text = process::read_system_file(record_file(state, app).string());
    if (!text)
        return std::nullopt;
    error_code ec;
    const json::value all = json::parse(*text, ec);
    if (ec || !all.is_object())
        return std::nullopt;
    const json::object& words = all.as_object();
    const auto take = [&](const char* key) {
        const json::value* const found = words.if_contains(key);
        return found != nullptr && found->is_string() ? std::string{found->as_string()}
                                                      : std::string{};
    };
    launch_record known{
        .app = take("app"), .program = take("program"), .args = {}, .folder = take("folder")};
    if (const json::value* const args = words.if_contains("args"); args && args->is_array()) {
        for (const json::value& each : args->as_array()) {
            if (each.is_string())
                known.args.emplace_back(each.as_string());
        }
    }
    if (known.app != app || known.program.empty())
        return std::nullopt;
    // Of another runtime directory: whoever looks at this one cannot know whether it runs.
    const json::value* const wanted = words.if_contains("wanted");
    known.wanted = wanted != nullptr && wanted->is_bool() && wanted->as_bool() &&
                   take("runtime") == variable(runtime_variable).value_or("");
    return known;
}

void want(const std::filesystem::path& state, const std::string& app, bool wanted)
{
    auto known = recall(state, app);
    if (!known || known->wanted == wanted)
        return;
    known->wanted = wanted;
    // Only what `ls` shows depends on it.
    static_cast<void>(remember(state, *known));
}

std::vector<launch_record> wanted_apps(const std::filesystem::path& state)
{
    std::vector<launch_record> all;
    std::error_code ec;
    for (const auto& each : std::filesystem::directory_iterator{state, ec}) {
        const std::string name = each.path().filename().string();
        if (!name.ends_with(record_ending))
            continue;
        auto known = recall(state, name.substr(0, name.size() - record_ending.size()));
        if (known && known->wanted)
            all.push_back(*std::move(known));
    }
    std::ranges::sort(all, {}, &launch_record::app);
    return all;
}

std::uintmax_t bytes_of(const std::filesystem::path& file) noexcept
{
    std::error_code ec;
    const auto size = std::filesystem::file_size(file, ec);
    return ec ? 0 : size;
}

std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t most,
                                    std::uintmax_t after)
{
    const auto size = bytes_of(file);
    std::ifstream in{file, std::ios::binary};
    if (!in)
        return {};
    const auto from = after <= size ? after : 0;
    const auto skip = size - from > tail_bytes_max ? size - tail_bytes_max : from;
    in.seekg(static_cast<std::streamoff>(skip));
    std::string line;
    if (skip != from)
        std::getline(in, line);  // a part of one
    std::vector<std::string> all;
    while (std::getline(in, line))
        all.push_back(std::move(line));
    if (all.size() > most)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    return all;
}

}  // namespace cohort::cli
