#include <cohort/process/cgroup.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/detail/text.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace cohort::process {

namespace {

using detail::cut;
using detail::next_line;
using detail::number_behind;

constexpr std::size_t folders_max = 128;

/// Is `wanted` one of the words of a comma list? The kernel says "cpu", "cpu,cpuacct" or
/// "cpuacct,cpu", depending on who mounted it.
bool lists(std::string_view words, std::string_view wanted) noexcept
{
    while (!words.empty()) {
        if (cut(words, ',') == wanted)
            return true;
    }
    return false;
}

/// The kernel writes space, tab, newline and backslash as \ooo.
std::string without_octal(std::string_view text)
{
    const auto digit = [](char c) { return c >= '0' && c <= '7'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && digit(text[i + 1]) && digit(text[i + 2]) &&
            digit(text[i + 3]))
        {
            const int value =
                (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            plain += static_cast<char>(value);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

struct mount {
    std::string root;   // what part of the hierarchy is seen
    std::string point;  // and where
};

/// One line of mountinfo, if it mounts the hierarchy that we look for:
/// 36 35 98:0 /root /point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct
std::optional<mount> parse_mount(std::string_view line, cgroup_version version,
                                 std::string_view controller)
{
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos)
        return std::nullopt;
    std::string_view left = line.substr(0, dash);
    std::string_view right = line.substr(dash + 3);

    const std::string_view type = cut(right, ' ');
    if (type != (version == cgroup_version::two ? "cgroup2" : "cgroup"))
        return std::nullopt;
    cut(right, ' ');  // the source
    if (version == cgroup_version::one && !lists(right, controller))
        return std::nullopt;

    for (int skipped = 0; skipped < 3; ++skipped)
        cut(left, ' ');
    const std::string_view root = cut(left, ' ');
    const std::string_view point = cut(left, ' ');
    if (!root.starts_with('/') || !point.starts_with('/'))
        return std::nullopt;
    return mount{without_octal(root), without_octal(point)};
}

/// The path of our cgroup in that hierarchy, from lines like "4:cpu,cpuacct:/docker/1" and "0::/".
std::optional<std::string> own_path(std::string_view text, cgroup_version version,
                                    std::string_view controller)
{
    while (!text.empty()) {
        std::string_view line = next_line(text);
        const std::string_view number = cut(line, ':');
        const std::string_view controllers = cut(line, ':');
        const bool ours = version == cgroup_version::two ? number == "0" && controllers.empty()
                                                         : lists(controllers, controller);
        if (ours && line.starts_with('/'))
            return std::string{line};
    }
    return std::nullopt;
}

/// `path` below `root`: "/a/b" below "/a" is "/b"; nothing if it is not below.
std::optional<std::string> below(std::string_view path, std::string_view root)
{
    if (root == "/")
        root = "";
    if (!path.starts_with(root))
        return std::nullopt;
    path.remove_prefix(root.size());
    if (!path.empty() && !path.starts_with('/'))
        return std::nullopt;
    // Seen from a namespace that we are outside of: "/../x". The mount's own files are all we have.
    if (path.find("/..") != std::string_view::npos)
        return std::nullopt;
    return std::string{path == "/" ? "" : path};
}

/// Where to start walking up, and where to end.
struct place {
    std::string top;     // the mount point
    std::string inside;  // "" or "/a/b"
};

std::optional<place> find_place(cgroup_version version, std::string_view controller,
                                const file_reader& read)
{
    const auto groups = read("/proc/self/cgroup");
    const auto mounts = read("/proc/self/mountinfo");
    if (!groups || !mounts)
        return std::nullopt;
    const auto path = own_path(*groups, version, controller);
    if (!path)
        return std::nullopt;

    // Of several mounts, the one that shows the most of our ancestors; and if none shows us, the
    // first: in a container it shows the container's own files under the host's name.
    std::optional<place> found;
    std::optional<place> stranger;
    std::size_t found_root = 0;
    std::string_view rest = *mounts;
    while (!rest.empty()) {
        const auto at = parse_mount(next_line(rest), version, controller);
        if (!at)
            continue;
        const std::string point = at->point == "/" ? "" : at->point;
        const auto inside = below(*path, at->root);
        if (inside && (!found || at->root.size() < found_root)) {
            found = place{point, *inside};
            found_root = at->root.size();
        } else if (!inside && !stranger) {
            stranger = place{point, ""};
        }
    }
    return found ? found : stranger;
}

/// The file that counts, and what it says now.
struct tally {
    std::string file;
    std::uint64_t kills;
};

std::optional<tally> find_tally(const file_reader& read)
{
    struct source {
        cgroup_version version;
        const char* file;
    };
    for (const source& s : {source{cgroup_version::two, "/memory.events"},
                            source{cgroup_version::one, "/memory.oom_control"}})
    {
        for (const std::string& folder : cgroup_folders(s.version, "memory", read)) {
            const auto text = read(folder + s.file);
            if (!text)
                continue;
            if (const auto kills = number_behind(*text, "oom_kill"))
                return tally{folder + s.file, *kills};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> read_system_file(const std::string& path)
{
    constexpr std::size_t most = 1 << 20;
    return read_system_file(path, most);
}

std::optional<std::string> read_system_file(const std::string& path, std::size_t most)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid())
        return std::nullopt;
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < most) {
        const ssize_t got = ::read(file.borrow(), piece.data(), piece.size());
        if (got == -1 && errno == EINTR)
            continue;
        if (got < 0)
            return std::nullopt;
        if (got == 0)
            break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
}

std::vector<std::string> cgroup_folders(cgroup_version version, std::string_view controller,
                                        const file_reader& read)
{
    const auto start = find_place(version, controller, read);
    if (!start)
        return {};
    std::vector<std::string> folders;
    std::string inside = start->inside;
    while (!inside.empty() && folders.size() + 1 < folders_max) {
        folders.push_back(start->top + inside);
        inside.resize(inside.find_last_of('/'));
    }
    folders.push_back(start->top);
    return folders;
}

std::optional<std::uint64_t> memory_kills(const file_reader& read)
{
    const auto found = find_tally(read);
    if (!found)
        return std::nullopt;
    return found->kills;
}

std::optional<std::uint64_t> memory_kills()
{
    static const std::optional<tally> found =
        find_tally([](const std::string& path) { return read_system_file(path); });
    if (!found)
        return std::nullopt;
    const auto text = read_system_file(found->file);
    return text ? number_behind(*text, "oom_kill") : std::nullopt;
}

std::optional<std::uint64_t> memory_kills_of_machine(const file_reader& read)
{
    const auto text = read("/proc/vmstat");
    return text ? number_behind(*text, "oom_kill") : std::nullopt;
}

std::optional<std::uint64_t> memory_kills_of_machine()
{
    return memory_kills_of_machine([](const std::string& path) { return read_system_file(path); });
}

}  // namespace cohort::process
