#include <cohort/cli/state.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/cgroup.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

namespace cohort::cli {

namespace {

namespace json = boost::json;

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

std::filesystem::path record_file(const std::filesystem::path& state, const std::string& app)
{
    return state / (app + ".start.json");
}

}  // namespace

result<std::filesystem::path> state_folder()
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
        return failed(errc::bad_value, "find a folder for logs: set COHORT_STATE_DIR");
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
    const json::object words{{"app", what.app},
                             {"program", what.program},
                             {"args", std::move(args)},
                             {"folder", what.folder}};
    const auto path = record_file(state, what.app);
    const auto fresh = path.string() + ".new";
    {
        std::ofstream out{fresh, std::ios::trunc};
        out << json::serialize(words) << '\n';
        if (!out.flush())
            return failed("write", fresh);
    }
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
    return known;
}

std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t most)
{
    std::error_code ec;
    const auto size = std::filesystem::file_size(file, ec);
    std::ifstream in{file, std::ios::binary};
    if (ec || !in)
        return {};
    const auto skip = size > tail_bytes_max ? size - tail_bytes_max : 0;
    in.seekg(static_cast<std::streamoff>(skip));
    std::string line;
    if (skip != 0)
        std::getline(in, line);  // a part of one
    std::vector<std::string> all;
    while (std::getline(in, line))
        all.push_back(std::move(line));
    if (all.size() > most)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    return all;
}

}  // namespace cohort::cli
