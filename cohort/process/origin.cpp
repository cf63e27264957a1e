#include <cohort/process/origin.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/renewal.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace cohort::process {

namespace {

std::optional<origin>& remembered()
{
    static std::optional<origin> one;
    return one;
}

bool same_file(const std::string& one, const char* other) noexcept
{
    struct stat a{};
    struct stat b{};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/// Deployments switch a link ("current"); the kernel only knows the folder behind it.
std::string working_folder()
{
    const char* const said = ::getenv("PWD");
    if (said != nullptr && said[0] == '/' && same_file(said, "."))
        return said;
    std::error_code ignored;
    return std::filesystem::current_path(ignored).string();
}

/// The path that was given to execve(2), which a shell has already looked up in PATH.
std::string started_path(const std::string& folder)
{
    // By its descriptor as well, and the path may have another file by now.
    if (const auto& before = found_legacy(); before && *before)
        return (*before)->path;
    const auto* const given = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    // Executed by its descriptor (/dev/fd/N), the path says nothing once that is closed.
    if (given != nullptr && !std::string_view{given}.starts_with("/dev/fd/")) {
        const std::filesystem::path path{given};
        return path.is_absolute() ? path.string() : (folder / path).lexically_normal().string();
    }
    return own_program().value_or(std::string{});
}

}  // namespace

void remember_origin(int argc, char** argv)
{
    if (remembered() || argc < 1 || argv == nullptr || argv[0] != ::program_invocation_name)
        return;
    origin now;
    // To the kernel's end of them: who calls may have kept some for another program.
    for (char** each = argv; *each != nullptr; ++each)
        now.args.emplace_back(*each);
    now.folder = working_folder();
    now.path = started_path(now.folder);
    remembered() = std::move(now);
}

result<origin> own_origin()
{
    if (remembered())
        return *remembered();
    origin now;
    COHORT_TRY(now.path, own_program());
    now.args = {now.path};
    now.folder = working_folder();
    return now;
}

result<unique_fd> open_own_binary()
{
    unique_fd binary{::open("/proc/self/exe", O_PATH | O_CLOEXEC)};
    if (!binary.valid())
        return failed("open", "/proc/self/exe");
    return binary;
}

result<unique_fd> open_binary(const std::string& path)
{
    unique_fd binary{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    if (!binary.valid())
        return failed("open program", path);
    struct stat about{};
    if (::fstat(binary.borrow(), &about) == -1)
        return failed("open program", path);
    if (S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        return failed("open program", path);
    }
    if (::faccessat(binary.borrow(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) == -1 &&
        ::access(path.c_str(), X_OK) == -1)
        return failed("open program", path);
    return binary;
}

bool runs_by_descriptor(int binary)
{
    // O_PATH gives no access: the bytes are read through a name of their own.
    const std::string name = fmt::format("/proc/self/fd/{}", binary);
    const unique_fd file{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
    // Executable and not readable: not a script, which its interpreter could not read either.
    if (!file.valid())
        return errno == EACCES;
    std::array<char, 4> magic{};
    return ::pread(file.borrow(), magic.data(), magic.size(), 0) == 4 && magic[0] == '\x7f' &&
           magic[1] == 'E' && magic[2] == 'L' && magic[3] == 'F';
}

}  // namespace cohort::process
