#include <cohort/primary/admin_token.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/random_bytes.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <string>

namespace cohort::primary {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr off_t shortest = 16;
constexpr off_t longest = 513;  // with a line end

/// Who reads it is in a sandbox: as root, it may read what root has, and what everybody may.
bool is_for_us(const struct stat& file) noexcept
{
    if (::geteuid() != 0 || file.st_uid == 0)
        return true;
    return (file.st_mode & (file.st_gid == 0 ? S_IRGRP : S_IROTH)) != 0;
}

bool is_good(const std::filesystem::path& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat seen{};
    return file.valid() && ::fstat(file.borrow(), &seen) == 0 && S_ISREG(seen.st_mode) &&
           seen.st_uid == ::geteuid() && (seen.st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
           seen.st_size >= shortest && seen.st_size <= longest;
}

}  // namespace

result<> keep_token_file(const std::filesystem::path& path)
{
    if (is_good(path))
        return {};
    // Under another name first: nobody ever reads half of it.
    const std::string unfinished = path.string() + ".new";
    if (::unlink(unfinished.c_str()) == -1 && errno != ENOENT)
        return failed("take away", unfinished);
    constexpr int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const unique_fd file{::open(unfinished.c_str(), how, S_IRUSR | S_IWUSR)};
    if (!file.valid())
        return failed("make", unfinished);
    const std::string text = crypto::to_base64url(crypto::random_bytes(token_bytes)) + '\n';
    const auto written = ::write(file.borrow(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) ||
        ::rename(unfinished.c_str(), path.c_str()) == -1)
    {
        const error_code why = last_errno();
        ::unlink(unfinished.c_str());
        return std::unexpected(fault(why, "write", path.string()));
    }
    return {};
}

std::string doubts_about_token(const std::filesystem::path& path)
{
    constexpr mode_t permissions = 07777;
    struct stat seen{};
    if (::stat(path.c_str(), &seen) == -1 || ::access(path.c_str(), R_OK) == -1)
        return fmt::format("cannot read {}: {}; nobody comes in over TCP until it can be read",
                           path.c_str(), last_errno().message());
    if (!is_for_us(seen))
        return fmt::format("{} belongs to user {}: the process of the dashboard, root without "
                           "capabilities, cannot read it; nobody comes in over TCP until it is "
                           "root's",
                           path.c_str(), seen.st_uid);
    if ((seen.st_mode & (S_IWGRP | S_IRWXO)) != 0)
        return fmt::format(
            "others may read or replace {} (mode {:04o}), and come in over TCP; going "
            "on with it",
            path.c_str(), seen.st_mode & permissions);
    return {};
}

}  // namespace cohort::primary
