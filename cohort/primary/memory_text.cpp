#include <cohort/primary/memory_text.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace cohort::primary {

namespace {

constexpr std::size_t text_max = std::size_t{1} << 20;

}  // namespace

result<unique_fd> keep_text(const std::string& text)
{
    unique_fd memory{::memfd_create("cohort-settings", MFD_CLOEXEC)};
    if (!memory.valid())
        return failed("keep a text in memory");
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t put = ::write(memory.borrow(), text.data() + done, text.size() - done);
        if (put == -1 && errno != EINTR)
            return failed("keep a text in memory");
        done += put > 0 ? static_cast<std::size_t>(put) : 0;
    }
    return memory;
}

result<std::string> read_text(const unique_fd& memory)
{
    std::string text(text_max, '\0');
    const ssize_t got = ::pread(memory.borrow(), text.data(), text.size(), 0);
    if (got == -1)
        return failed("read a text in memory");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

}  // namespace cohort::primary
