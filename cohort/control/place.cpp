#include <cohort/control/place.hpp>

#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace cohort::control {

namespace {

constexpr std::string_view ending = ".sock";

std::unexpected<fault> untrusted(const std::filesystem::path& folder, std::string_view why)
{
    const error_code denied{EACCES, boost::system::system_category()};
    return std::unexpected(fault(denied, "use the folder of admin sockets",
                                 fmt::format("{}, {}", folder.c_str(), why)));
}

}  // namespace

viewpoint viewpoint::here()
{
    viewpoint from;
    from.user = ::geteuid();
    from.variable = [](const char* name) -> std::optional<std::string> {
        const char* const value = ::getenv(name);
        if (value == nullptr || *value == '\0')
            return std::nullopt;
        return value;
    };
    return from;
}

std::vector<std::filesystem::path> folders(const viewpoint& from)
{
    if (const auto only = from.variable(folder_variable))
        return {*only};
    std::vector<std::filesystem::path> all;
    const auto add = [&all](std::filesystem::path where) {
        if (where.is_absolute() && std::find(all.begin(), all.end(), where) == all.end())
            all.push_back(std::move(where));
    };
    if (from.user == 0)
        add("/run/cohort");
    if (const auto own = from.variable("XDG_RUNTIME_DIR"))
        add(std::filesystem::path{*own} / "cohort");
    add(fmt::format("/run/user/{}/cohort", from.user));
    add(fmt::format("/tmp/cohort-{}", from.user));
    return all;
}

result<> make_folder(const std::filesystem::path& folder, uid_t user)
{
    if (::mkdir(folder.c_str(), S_IRWXU) == -1 && errno != EEXIST)
        return failed("make the folder of admin sockets", folder.string());
    return check_folder(folder, user);
}

result<> check_folder(const std::filesystem::path& folder, uid_t user)
{
    struct stat seen{};
    // Not what a link points to: in /tmp anybody can make one.
    if (::lstat(folder.c_str(), &seen) == -1)
        return failed("look for the folder of admin sockets", folder.string());
    if (!S_ISDIR(seen.st_mode)) {
        const error_code no_folder{ENOTDIR, boost::system::system_category()};
        return std::unexpected(
            fault(no_folder, "use the folder of admin sockets", folder.string()));
    }
    if (seen.st_uid != user)
        return untrusted(folder, fmt::format("which belongs to user {}", seen.st_uid));
    if ((seen.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return untrusted(folder, "into which others may write");
    return {};
}

std::string socket_name(std::string_view app) { return std::string{app}.append(ending); }

namespace {

/// Whatever else follows a dot in its name is its own.
std::filesystem::path beside(std::filesystem::path socket, std::string_view its_ending)
{
    if (socket.extension() == ending)
        socket.replace_extension();
    return std::move(socket += its_ending);
}

}  // namespace

std::filesystem::path dashboard_beside(std::filesystem::path socket)
{
    return beside(std::move(socket), ".http");
}

std::filesystem::path token_beside(std::filesystem::path socket)
{
    return beside(std::move(socket), ".token");
}

std::filesystem::path view_token_beside(std::filesystem::path socket)
{
    return beside(std::move(socket), ".view_token");
}

std::string app_of(const std::filesystem::path& socket)
{
    const std::string name = socket.filename().string();
    if (name.size() <= ending.size() || !name.ends_with(ending))
        return {};
    return name.substr(0, name.size() - ending.size());
}

}  // namespace cohort::control
