#include <cohort/dashboard/log_tail.hpp>

#include <cohort/base/try.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace cohort::dashboard {

namespace {

constexpr off_t tail_bytes_max = off_t{8} << 20;

/// So many bytes at the end of a file, and whether that is not all of it.
struct piece {
    std::string text;
    bool is_part = false;
};

result<piece> read_end(const unique_fd& file, off_t most)
{
    struct stat is{};
    if (::fstat(file.borrow(), &is) == -1)
        return failed("read file");
    const off_t length = std::min(is.st_size, most);
    off_t at = is.st_size - length;
    piece got{.text = std::string(static_cast<std::size_t>(length), '\0'),
              .is_part = length < is.st_size};
    std::size_t filled = 0;
    while (filled < got.text.size()) {
        const ssize_t more =
            ::pread(file.borrow(), got.text.data() + filled, got.text.size() - filled, at);
        if (more == -1 && errno == EINTR)
            continue;
        if (more == -1)
            return failed("read file");
        if (more == 0)
            break;  // it was cut meanwhile
        filled += static_cast<std::size_t>(more);
        at += more;
    }
    got.text.resize(filled);
    return got;
}

}  // namespace

result<std::vector<std::string>> log_tail(const unique_fd& file, const observe::log_filter& wanted,
                                          std::size_t lines)
{
    COHORT_TRY(const piece got, read_end(file, tail_bytes_max));
    std::string_view rest{got.text};
    // Half a line at the end is being written, and one at the beginning is not whole.
    rest = rest.substr(0, rest.rfind('\n') + 1);
    if (got.is_part)
        rest.remove_prefix(std::min(rest.find('\n') + 1, rest.size()));
    std::vector<std::string> last;
    while (!rest.empty() && last.size() < lines) {
        rest.remove_suffix(1);
        const auto begin = rest.rfind('\n') + 1;  // npos + 1 is 0
        const std::string_view line = rest.substr(begin);
        if (wanted.wants(line))
            last.emplace_back(line);
        rest = rest.substr(0, begin);
    }
    std::ranges::reverse(last);
    return last;
}

}  // namespace cohort::dashboard
