#include <cohort/process/identity.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/detail/newborn.hpp>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace cohort::process {

namespace {

/// The memory between the first argument and the last byte of the environment, as the kernel laid
/// it out: /proc/<pid>/cmdline reads from here. If the byte where the arguments used to end is not
/// NUL any more, it reads on into the environment (fs/proc/base.c, get_mm_cmdline).
struct stage_of_title {
    char* first = nullptr;
    std::size_t size = 0;
    std::size_t used = 0;
};

stage_of_title area;

/// A copy that lives as long as the process: `argv` and `environ` point to it from now on. Kept in
/// a vector so that leak checkers see that it is still in use.
char* keep_copy(const char* text)
{
    static std::vector<std::unique_ptr<char[]>> kept;
    const std::size_t size = std::strlen(text) + 1;
    kept.push_back(std::make_unique<char[]>(size));
    std::memcpy(kept.back().get(), text, size);
    return kept.back().get();
}

/// How far the strings of `list` continue right behind `end`.
char* follow(char** list, char* end) noexcept
{
    for (char** at = list; at && *at && *at == end; ++at)
        end = *at + std::strlen(*at) + 1;
    return end;
}

void move_arguments(int argc, char** argv)
{
    for (int i = 0; i < argc; ++i)
        argv[i] = keep_copy(argv[i]);
    // glibc prints these names when it aborts.
    if (argc > 0) {
        ::program_invocation_name = argv[0];
        char* slash = std::strrchr(argv[0], '/');
        ::program_invocation_short_name = slash ? slash + 1 : argv[0];
    }
}

void move_environment()
{
    static std::vector<char*> moved;
    for (char** entry = ::environ; entry && *entry; ++entry)
        moved.push_back(keep_copy(*entry));
    moved.push_back(nullptr);
    ::environ = moved.data();
}

/// What fits into the 15 characters of `ps -o comm`: the words after "cohort: ".
void set_short_name(std::string_view title) noexcept
{
    constexpr std::string_view ours = "cohort: ";
    if (title.starts_with(ours))
        title.remove_prefix(ours.size());
    std::array<char, 16> name{};
    std::copy_n(title.begin(), std::min(title.size(), name.size() - 1), name.begin());
    ::prctl(PR_SET_NAME, name.data());
}

result<credentials> no_such_user(std::string_view name)
{
    return failed(errc::bad_value, "find user", std::string{name});
}

}  // namespace

void init_title(int argc, char** argv) noexcept
{
    if (area.first || argc < 1 || !argv || !argv[0])
        return;
    char* end = follow(argv, argv[0]);
    end = follow(::environ, end);
    stage_of_title found;
    found.first = argv[0];
    found.size = static_cast<std::size_t>(end - argv[0]);
    move_environment();
    move_arguments(argc, argv);
    area = found;
}

void set_title(std::string_view title) noexcept
{
    title = title.substr(0, title.find('\0'));
    set_short_name(title);
    if (area.size == 0)
        return;
    area.used = std::min(title.size(), area.size - 1);
    std::memmove(area.first, title.data(), area.used);  // somebody may pass title() itself
    std::memset(area.first + area.used, 0, area.size - area.used);
}

std::string_view title() noexcept { return {area.first, area.used}; }

result<> die_with_parent(pid_t parent, std::chrono::milliseconds grace)
{
    const stumble bad = on_parent_death(parent_death::after(grace), parent);
    if (bad.at == step::none)
        return {};
    const error_code why{bad.why, boost::system::system_category()};
    return std::unexpected(fault(why, "tie to parent", std::to_string(parent)));
}

result<credentials> find_user(std::string_view name)
{
    constexpr std::size_t room = 1 << 16;
    std::vector<char> texts(room);
    passwd entry{};
    passwd* found = nullptr;
    if (const auto uid = parse_integer<uid_t>(name)) {
        ::getpwuid_r(*uid, &entry, texts.data(), texts.size(), &found);
        // A number needs no name: containers run as users that nobody wrote down.
        return credentials{*uid, found ? entry.pw_gid : *uid};
    }
    const std::string text{name};
    const int broken = ::getpwnam_r(text.c_str(), &entry, texts.data(), texts.size(), &found);
    if (broken != 0)
        return std::unexpected(
            fault(error_code{broken, boost::system::system_category()}, "find user", text));
    if (!found)
        return no_such_user(name);
    return credentials{entry.pw_uid, entry.pw_gid};
}

result<gid_t> find_group(std::string_view name)
{
    if (const auto gid = parse_integer<gid_t>(name))
        return *gid;
    constexpr std::size_t room = 1 << 20;
    std::vector<char> texts(room);
    group entry{};
    group* found = nullptr;
    const std::string text{name};
    const int broken = ::getgrnam_r(text.c_str(), &entry, texts.data(), texts.size(), &found);
    if (broken != 0)
        return std::unexpected(
            fault(error_code{broken, boost::system::system_category()}, "find group", text));
    if (!found)
        return failed(errc::bad_value, "find group", text);
    return entry.gr_gid;
}

result<std::string> own_program()
{
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    if (size == -1)
        return failed("read", "/proc/self/exe");
    return std::string{path.data(), static_cast<std::size_t>(size)};
}

}  // namespace cohort::process
