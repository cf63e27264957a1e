#include <cohort/http/auth/jwks_file.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cohort::http {

namespace {
constexpr std::chrono::seconds pause{1};
}

result<std::shared_ptr<jwks_file>> jwks_file::open(std::string path, jwks_options more, clock when)
{
    std::shared_ptr<jwks_file> file{new jwks_file{std::move(path), more, std::move(when)}};
    // The mark first: a file that is replaced between the two is read again later, not never.
    file->seen_ = file->look();
    COHORT_TRY(auto keys, file->read());
    file->keys_ = std::make_shared<const public_keys>(std::move(keys));
    file->next_look_ = file->when_() + pause;
    return file;
}

std::shared_ptr<const public_keys> jwks_file::current()
{
    const std::lock_guard held{mutex_};
    if (when_() >= next_look_)
        renew();
    return keys_;
}

void jwks_file::renew()
{
    next_look_ = when_() + pause;
    const mark is = look();
    if (is == seen_)
        return;
    seen_ = is;
    auto keys = read();
    if (!keys) {
        ++refusals_;
        log::warn({{"file", path_}, {"reason", keys.error().text()}},
                  "the new key set cannot be used; we go on with the old one");
        return;
    }
    ++reloads_;
    keys_ = std::make_shared<const public_keys>(std::move(*keys));
}

jwks_file::mark jwks_file::look() const noexcept
{
    struct stat is{};
    if (::stat(path_.c_str(), &is) != 0)
        return {};
    return {.device = is.st_dev,
            .inode = is.st_ino,
            .bytes = is.st_size,
            .changed_ns = is.st_mtim.tv_sec * 1'000'000'000 + is.st_mtim.tv_nsec};
}

result<public_keys> jwks_file::read() const
{
    const unique_fd file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return failed("open key set", path_);
    std::string text(jwks_bytes_max + 1, '\0');
    std::size_t count = 0;
    while (count < text.size()) {
        const auto got = ::read(file.borrow(), text.data() + count, text.size() - count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read key set", path_);
        if (got == 0)
            break;
        count += static_cast<std::size_t>(got);
    }
    text.resize(count);
    return read_jwks(text, more_);
}

}  // namespace cohort::http
