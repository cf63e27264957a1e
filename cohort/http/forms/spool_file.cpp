#include <cohort/http/forms/spool_file.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cohort::http {

namespace {

constexpr mode_t owner_only = 0600;

result<> write_all(int file, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t put = ::write(file, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return failed("write to a file");
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

result<unique_fd> new_file(const std::string& path)
{
    unique_fd made{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_only)};
    if (!made.valid())
        return failed("make the file", path);
    return made;
}

/// Where the file system has no files without names: one that loses its name at once.
result<unique_fd> nameless(const std::string& folder)
{
    std::string path = folder + "/cohort-XXXXXX";
    unique_fd made{::mkostemp(path.data(), O_CLOEXEC)};
    if (!made.valid())
        return failed("make a file in", folder);
    ::unlink(path.c_str());
    return made;
}

}  // namespace

result<spool_file> spool_file::create(const std::string& folder)
{
    unique_fd made{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, owner_only)};
    if (made.valid())
        return spool_file{std::move(made)};
    // Kernels and file systems without O_TMPFILE say one of these (open(2)).
    if (errno != EOPNOTSUPP && errno != EISDIR)
        return failed("make a file in", folder);
    auto other = nameless(folder);
    if (!other)
        return std::unexpected(std::move(other).error());
    return spool_file{std::move(*other)};
}

result<> spool_file::append(std::string_view bytes)
{
    auto written = write_all(file_.borrow(), bytes);
    if (written)
        size_ += bytes.size();
    return written;
}

result<std::string> spool_file::read_at(std::uint64_t offset, std::size_t bytes_max) const
{
    std::string bytes;
    if (offset >= size_)
        return bytes;
    bytes.resize(std::min<std::uint64_t>(bytes_max, size_ - offset));
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t got = ::pread(file_.borrow(), bytes.data() + have, bytes.size() - have,
                                    static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read from a file");
        if (got == 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

result<> spool_file::save(const std::string& path) const
{
    const std::string self = "/proc/self/fd/" + std::to_string(file_.borrow());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
        return {};
    if (errno == EEXIST)
        return failed("make the file", path);
    // Another file system, no /proc, or a file that has lost its name: copy it.
    auto made = new_file(path);
    if (!made)
        return std::unexpected(std::move(made).error());
    constexpr std::size_t piece_bytes = 256 * 1024;
    for (std::uint64_t at = 0; at < size_; at += piece_bytes) {
        const auto piece = read_at(at, piece_bytes);
        auto written = piece ? write_all(made->borrow(), *piece) : std::unexpected(piece.error());
        if (!written) {
            ::unlink(path.c_str());
            return written;
        }
    }
    return {};
}

result<> write_new_file(const std::string& path, std::string_view bytes)
{
    auto made = new_file(path);
    if (!made)
        return std::unexpected(std::move(made).error());
    auto written = write_all(made->borrow(), bytes);
    if (!written)
        ::unlink(path.c_str());
    return written;
}

}  // namespace cohort::http
