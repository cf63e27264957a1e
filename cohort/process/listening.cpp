#include <cohort/process/listening.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <system_error>

namespace cohort::process {

namespace {

namespace files = std::filesystem;
using detail::next_line;

constexpr std::size_t table_most = 64 << 20;  // of TCP connections, a line of 150 bytes each
constexpr std::size_t family_max = 1024;      // processes that are looked at
constexpr std::string_view listen_state = "0A";
constexpr std::string_view accepts_flag = "00010000";  // __SO_ACCEPTCON

/// The words of a line, however many blanks are between them.
std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return words;
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
}

// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
constexpr std::size_t address_at = 1;
constexpr std::size_t peer_at = 2;
constexpr std::size_t state_at = 3;
constexpr std::size_t inode_at = 9;

std::optional<std::uint16_t> port_of(std::string_view address)
{
    const std::size_t colon = address.rfind(':');
    return colon == std::string_view::npos
               ? std::nullopt
               : detail::hexadecimal<std::uint16_t>(address.substr(colon + 1));
}

void add_children(pid_t of, std::vector<pid_t>& family)
{
    std::error_code gone;
    for (const auto& task : files::directory_iterator{fmt::format("/proc/{}/task", of), gone}) {
        const auto text = read_system_file(task.path().string() + "/children");
        if (!text)
            continue;
        for (const std::string_view word : words_of(*text)) {
            const auto pid = parse_integer<pid_t>(word);
            if (pid && family.size() < family_max)
                family.push_back(*pid);
        }
    }
}

bool has_any(pid_t pid, const std::vector<std::uint64_t>& inodes)
{
    constexpr std::string_view prefix = "socket:[";
    std::error_code gone;
    for (const auto& fd : files::directory_iterator{fmt::format("/proc/{}/fd", pid), gone}) {
        std::error_code closed;
        const std::string target = files::read_symlink(fd.path(), closed).string();
        if (closed || !target.starts_with(prefix) || !target.ends_with(']'))
            continue;
        const std::string_view digits =
            std::string_view{target}.substr(prefix.size(), target.size() - prefix.size() - 1);
        const auto inode = parse_integer<std::uint64_t>(digits);
        if (inode && std::ranges::find(inodes, *inode) != inodes.end())
            return true;
    }
    return false;
}

/// As the process sees it, whose network may be another one.
std::vector<std::uint64_t> listening_at(pid_t pid, const listening_place& where)
{
    const auto table = [pid](std::string_view name) {
        return read_system_file(fmt::format("/proc/{}/net/{}", pid, name), table_most).value_or("");
    };
    if (!where.unix_path.empty())
        return listening_unix(table("unix"), where.unix_path);
    std::vector<std::uint64_t> all = listening_tcp(table("tcp"), where.port);
    const auto more = listening_tcp(table("tcp6"), where.port);
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

std::vector<std::uint64_t> listening_tcp(std::string_view table, std::optional<std::uint16_t> port)
{
    std::vector<std::uint64_t> list;
    while (!table.empty()) {
        const auto words = words_of(next_line(table));
        if (words.size() <= inode_at || words[state_at] != listen_state)
            continue;
        const auto here = port_of(words[address_at]);
        const auto inode = parse_integer<std::uint64_t>(words[inode_at]);
        if (here && inode && (!port || *port == *here))
            list.push_back(*inode);
    }
    return list;
}

std::vector<std::uint64_t> listening_unix(std::string_view table, std::string_view path)
{
    // Num RefCount Protocol Flags Type St Inode Path
    constexpr std::size_t flags_at = 3;
    constexpr std::size_t unix_inode_at = 6;
    constexpr std::size_t path_at = 7;
    std::vector<std::uint64_t> list;
    while (!table.empty()) {
        const auto words = words_of(next_line(table));
        if (words.size() <= path_at || words[flags_at] != accepts_flag)
            continue;
        const auto inode = parse_integer<std::uint64_t>(words[unix_inode_at]);
        // A path with blanks is several words; it ends with the line.
        const char* const begin = words[path_at].data();
        const std::string_view rest{
            begin, static_cast<std::size_t>(words.back().data() + words.back().size() - begin)};
        if (inode && rest == path)
            list.push_back(*inode);
    }
    return list;
}

std::optional<std::uint64_t> connected_tcp(std::string_view table, tcp_ports which)
{
    while (!table.empty()) {
        const auto words = words_of(next_line(table));
        if (words.size() <= inode_at || words[state_at] == listen_state ||
            port_of(words[address_at]) != which.here || port_of(words[peer_at]) != which.there)
            continue;
        return parse_integer<std::uint64_t>(words[inode_at]);
    }
    return std::nullopt;
}

namespace {

bool family_has(pid_t eldest, const std::vector<std::uint64_t>& inodes)
{
    std::vector<pid_t> family{eldest};
    for (std::size_t i = 0; i < family.size(); ++i) {
        if (has_any(family[i], inodes))
            return true;
        add_children(family[i], family);
    }
    return false;
}

}  // namespace

bool family_listens(pid_t eldest, const listening_place& where)
{
    const auto inodes = listening_at(eldest, where);
    return !inodes.empty() && family_has(eldest, inodes);
}

std::optional<std::uint16_t> family_listens_elsewhere(pid_t eldest,
                                                      std::span<const std::uint16_t> known)
{
    for (const std::string_view name : {"tcp", "tcp6"}) {
        const auto text =
            read_system_file(fmt::format("/proc/{}/net/{}", eldest, name), table_most);
        std::string_view table = text ? std::string_view{*text} : std::string_view{};
        while (!table.empty()) {
            const auto words = words_of(next_line(table));
            if (words.size() <= inode_at || words[state_at] != listen_state)
                continue;
            const auto port = port_of(words[address_at]);
            const auto inode = parse_integer<std::uint64_t>(words[inode_at]);
            if (port && inode && std::ranges::find(known, *port) == known.end() &&
                family_has(eldest, {*inode}))
                return port;
        }
    }
    return std::nullopt;
}

accepted_by who_accepted(pid_t eldest, tcp_ports which)
{
    for (const std::string_view name : {"tcp", "tcp6"}) {
        const auto table =
            read_system_file(fmt::format("/proc/{}/net/{}", eldest, name), table_most);
        const auto inode = table ? connected_tcp(*table, which) : std::nullopt;
        if (!inode)
            continue;
        if (*inode == 0)
            return accepted_by::nobody;
        return family_has(eldest, {*inode}) ? accepted_by::family : accepted_by::others;
    }
    return accepted_by::nobody;
}

}  // namespace cohort::process
