#include <cohort/http/files/detail/held_file.hpp>

#include <cohort/base/random.hpp>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace cohort::http::detail {

namespace {

std::int64_t nanoseconds_of(const timespec& when) noexcept
{
    return when.tv_sec * 1'000'000'000 + when.tv_nsec;
}

}  // namespace

file_mark file_mark::of(const struct stat& seen) noexcept
{
    return {.device = seen.st_dev,
            .number = seen.st_ino,
            .size = static_cast<std::uint64_t>(seen.st_size),
            .modified_ns = nanoseconds_of(seen.st_mtim),
            .changed_ns = nanoseconds_of(seen.st_ctim)};
}

std::uint64_t file_mark::digest() const noexcept
{
    std::uint64_t sum = mix(number + 1);
    sum = mix(sum ^ device);
    sum = mix(sum ^ size);
    sum = mix(sum ^ static_cast<std::uint64_t>(modified_ns));
    return mix(sum ^ static_cast<std::uint64_t>(changed_ns));
}

result<held_file> held_file::of(unique_fd opened)
{
    struct stat seen{};
    if (::fstat(opened.borrow(), &seen) != 0)
        return failed("look at a file");
    if (!S_ISREG(seen.st_mode))
        return failed(errc::not_supported, "read what is no regular file");
    return held_file{std::move(opened), file_mark::of(seen)};
}

result<std::string> held_file::read(std::uint64_t offset, std::size_t bytes) const
{
    std::string read(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
        const ssize_t got = ::pread(file_.borrow(), read.data() + have, bytes - have,
                                    static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read a file");
        if (got == 0)
            return failed(errc::bad_value, "read a file that became shorter");
        have += static_cast<std::size_t>(got);
    }
    // Asked afterwards: bytes of another state must not go out under this one's tag.
    struct stat seen{};
    if (::fstat(file_.borrow(), &seen) != 0)
        return failed("look at a file");
    file_mark after = file_mark::of(seen);
    // A link more or less, or another mode, change the inode and no byte.
    after.changed_ns = mark_.changed_ns;
    if (after != mark_)
        return failed(errc::bad_value, "read a file that is being written");
    return read;
}

}  // namespace cohort::http::detail
