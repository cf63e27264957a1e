#include <cohort/process/memory_group.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/process/confinement.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::process {

namespace {

using detail::cut;
using detail::next_line;

constexpr std::string_view prefix = "cohort.";
constexpr std::string_view leaf = "cohort.primary";
constexpr const char* remedy = "give the cohort a cgroup of its own: Delegate=yes in its systemd "
                               "unit, or a container that may write to its cgroups";
constexpr unsigned ancestors_max = 64;

struct names {
    const char* bound;
    const char* counter;
};

constexpr names names_in(cgroup_version version) noexcept
{
    return version == cgroup_version::two ? names{"memory.max", "memory.events"}
                                          : names{"memory.limit_in_bytes", "memory.oom_control"};
}

std::optional<std::string> read(const std::string& path) { return read_system_file(path); }

/// One write: the kernel takes a file of a cgroup as a command.
result<> write(const std::string& path, std::string_view text)
{
    const unique_fd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid() || ::write(file.borrow(), text.data(), text.size()) == -1)
        return failed("write", fmt::format("{} to {}", text, path));
    return {};
}

bool lists(const std::optional<std::string>& words, std::string_view wanted)
{
    std::string_view rest = words ? std::string_view{*words} : std::string_view{};
    rest = rest.substr(0, rest.find('\n'));
    while (!rest.empty()) {
        if (cut(rest, ' ') == wanted)
            return true;
    }
    return false;
}

std::unexpected<fault> not_here(std::string why)
{
    return failed(errc::not_supported, "limit memory:", fmt::format("{}; {}", why, remedy));
}

result<> make_folder(const std::string& path)
{
    if (::mkdir(path.c_str(), 0755) == -1 && errno != EEXIST)
        return not_here(fmt::format("cannot make {}: {}", path, last_errno().message()));
    return {};
}

/// systemd says so at the folder, where it is the kernel's own or a file system that keeps such
/// notes. Whose unit has not been delegated must not make groups in it.
bool is_withheld_by_systemd(const std::string& folder)
{
    if (!folder.ends_with(".service") && !folder.ends_with(".scope") && !folder.ends_with(".slice"))
        return false;
    for (const char* const note : {"user.delegate", "trusted.delegate"}) {
        std::array<char, 8> value{};
        const auto size = ::getxattr(folder.c_str(), note, value.data(), value.size());
        if (size >= 1 && value[0] == '1')
            return false;
    }
    return true;
}

bool is_of_house(pid_t pid, pid_t house)
{
    for (unsigned i = 0; pid > 0 && i < ancestors_max; ++i) {
        if (pid == house || pid == ::getpid())
            return true;
        const auto seen = confinement_of(pid);
        pid = seen ? seen->parent : 0;
    }
    return false;
}

/// Moves all processes of `from` into a leaf below it. Nobody else's: it is not for us to do.
result<> move_into_leaf(const std::string& from, pid_t house)
{
    const std::string there = fmt::format("{}/{}", from, leaf);
    // Who is forked while we look is found by looking again.
    for (int tries = 0; tries < 8; ++tries) {
        const auto text = read(from + "/cgroup.procs");
        std::string_view rest = text ? std::string_view{*text} : std::string_view{};
        std::vector<pid_t> pids;
        while (!rest.empty()) {
            if (const auto pid = parse_integer<pid_t>(next_line(rest)))
                pids.push_back(*pid);
        }
        if (pids.empty())
            return {};
        for (const pid_t pid : pids) {
            if (!is_of_house(pid, house))
                return not_here(
                    fmt::format("process {} is in {}, too, and is not ours", pid, from));
        }
        COHORT_TRY(make_folder(there));
        for (const pid_t pid : pids) {
            if (auto moved = write(there + "/cgroup.procs", fmt::format("{}", pid));
                !moved && moved.error().why().value() != ESRCH)
                return not_here(moved.error().text());
        }
    }
    return not_here(fmt::format("{} does not get empty", from));
}

}  // namespace

result<> memory_group::put(pid_t who) const
{
    const std::string pid = fmt::format("{}", who);
    if (::write(door_.borrow(), pid.data(), pid.size()) == -1)
        return failed("put process", fmt::format("{} into {}", pid, folder_));
    return {};
}

std::optional<std::uint64_t> memory_group::kills() const
{
    const auto text = read(counter_);
    std::string_view rest = text ? std::string_view{*text} : std::string_view{};
    while (!rest.empty()) {
        std::string_view line = next_line(rest);
        if (cut(line, ' ') == "oom_kill")
            return parse_integer<std::uint64_t>(line);
    }
    return std::nullopt;
}

memory_tally::memory_tally(memory_group_ptr in)
    : in_{std::move(in)}, before_{count()}
{}

std::optional<std::uint64_t> memory_tally::count() const
{
    return in_ ? in_->kills() : memory_kills();
}

bool memory_tally::grew() const
{
    const auto after = before_ ? count() : std::nullopt;
    return after && *after > *before_;
}

result<memory_groups> memory_groups::find_v2(const std::string& own, pid_t house)
{
    // A primary that follows another one, or a new program, is in the leaf already.
    const std::filesystem::path at{own};
    if (at.filename() == leaf &&
        lists(read((at.parent_path() / "cgroup.subtree_control").string()), "memory"))
        return memory_groups{cgroup_version::two, at.parent_path().string(), house};
    if (lists(read(own + "/cgroup.subtree_control"), "memory"))
        return memory_groups{cgroup_version::two, own, house};
    if (is_withheld_by_systemd(own))
        return not_here(fmt::format("systemd has not delegated {}", own));
    // The root of all has no such file, and may have processes and groups beside each other.
    const bool is_root = ::access((own + "/cgroup.events").c_str(), F_OK) == -1;
    if (!is_root) {
        COHORT_TRY(move_into_leaf(own, house));
    }
    if (const auto given = write(own + "/cgroup.subtree_control", "+memory"); !given)
        return not_here(given.error().text());
    return memory_groups{cgroup_version::two, own, house};
}

result<memory_groups> memory_groups::find(pid_t house)
{
    const auto two = cgroup_folders(cgroup_version::two, "memory", read);
    if (!two.empty() && lists(read(two.front() + "/cgroup.controllers"), "memory"))
        return find_v2(two.front(), house);
    for (const std::string& folder : cgroup_folders(cgroup_version::one, "memory", read)) {
        // A container can show the host's path beside its own files.
        if (::access((folder + "/cgroup.procs").c_str(), W_OK) == 0)
            return memory_groups{cgroup_version::one, folder, house};
        if (errno != ENOENT && errno != ENOTDIR)
            return not_here(
                fmt::format("{} may not be written: {}", folder, last_errno().message()));
    }
    return not_here("there is no memory controller in this cgroup");
}

std::string memory_groups::folder_of(unsigned slot) const
{
    return fmt::format("{}/{}{}.{}", parent_, prefix, house_, slot);
}

result<memory_group_ptr> memory_groups::open(const std::string& folder, std::uint64_t bytes) const
{
    const std::string list = folder + "/cgroup.procs";
    unique_fd door{::open(list.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    if (!door.valid())
        return failed("open", list);
    return std::make_shared<const memory_group>(
        folder, fmt::format("{}/{}", folder, names_in(version_).counter), std::move(door), bytes);
}

result<memory_group_ptr> memory_groups::make(unsigned slot, std::uint64_t bytes) const
{
    const std::string folder = folder_of(slot);
    COHORT_TRY(make_folder(folder));
    COHORT_TRY(is_enough(folder, bytes));
    COHORT_TRY(
        write(fmt::format("{}/{}", folder, names_in(version_).bound), fmt::format("{}", bytes)));
    return open(folder, bytes);
}

/// v1 refuses a bound that is too low. v2 takes it, and kills until it is kept.
result<> memory_groups::is_enough(const std::string& folder, std::uint64_t bytes) const
{
    if (version_ == cgroup_version::one)
        return {};
    const auto inside = read(folder + "/cgroup.procs");
    const auto text = read(folder + "/memory.current");
    if (!inside || inside->empty() || !text)
        return {};
    std::string_view rest = *text;
    const auto have = parse_integer<std::uint64_t>(next_line(rest));
    if (!have || *have <= bytes)
        return {};
    const error_code busy{EBUSY, boost::system::system_category()};
    return std::unexpected(
        fault(busy, "bound",
              fmt::format("{} by {} bytes: who is in there has {}", folder, bytes, *have)));
}

memory_group_ptr memory_groups::look_for(unsigned slot) const
{
    const std::string folder = folder_of(slot);
    const auto bound = read(fmt::format("{}/{}", folder, names_in(version_).bound));
    if (!bound)
        return nullptr;
    std::string_view text = *bound;
    const auto bytes = parse_integer<std::uint64_t>(next_line(text));
    auto found = open(folder, bytes.value_or(0));
    return found ? *std::move(found) : nullptr;
}

bool memory_groups::remove(const memory_group& which) const noexcept
{
    return ::rmdir(which.folder().c_str()) == 0 || errno == ENOENT;
}

void memory_groups::sweep() const
{
    std::error_code ec;
    std::vector<std::string> dead;
    for (std::filesystem::directory_iterator at{parent_, ec}, end; !ec && at != end;
         at.increment(ec))
    {
        const std::string name = at->path().filename().string();
        std::string_view rest = name;
        if (!rest.starts_with(prefix))
            continue;
        rest.remove_prefix(prefix.size());
        const auto house = parse_integer<pid_t>(cut(rest, '.'));
        if (house && *house != house_ && ::kill(*house, 0) == -1 && errno == ESRCH)
            dead.push_back(at->path().string());
    }
    // One that is not empty stays.
    for (const std::string& each : dead)
        ::rmdir(each.c_str());
}

std::string memory_groups::words() const
{
    return fmt::format("cgroup {}, {}", version_ == cgroup_version::two ? "v2" : "v1", parent_);
}

}  // namespace cohort::process
