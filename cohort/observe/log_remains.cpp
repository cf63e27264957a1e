#include <cohort/observe/log_remains.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/base/wary_open.hpp>
#include <cohort/observe/piece_search.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

namespace cohort::observe {

namespace {

constexpr std::size_t looked_through_max = std::size_t{16} << 20;
constexpr std::size_t stretch_bytes = std::size_t{1} << 20;
/// From where something of it was found on: a line of somebody else that is the same word for word
/// was written at the same time, and may hide the place where more of it is.
constexpr unsigned stretches_more = 2;
constexpr unsigned put_aside_max = 16;

struct link_path {
    std::array<char, 32> text{};
};

link_path link_of(int descriptor) noexcept
{
    link_path path;
    std::snprintf(path.text.data(), path.text.size(), "/proc/self/fd/%d", descriptor);
    return path;
}

/// The very file that is open, whatever its path means by now: a log is open for writing alone.
unique_fd open_again(int descriptor, int how) noexcept
{
    const link_path path = link_of(descriptor);
    return unique_fd{::open(path.text.data(), how | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
}

/// What is there, `most` bytes or fewer. Throws bad_alloc.
std::string read_at(const unique_fd& file, std::uint64_t at, std::size_t most)
{
    std::string text(most, '\0');
    std::size_t filled = 0;
    while (filled < most) {
        const ssize_t more = ::pread(file.borrow(), text.data() + filled, most - filled,
                                     static_cast<off_t>(at + filled));
        if (more == -1 && errno == EINTR)
            continue;
        if (more <= 0)
            break;
        filled += static_cast<std::size_t>(more);
    }
    text.resize(filled);
    return text;
}

/// Several files, one after the other. A resource.
class remains {
public:
    explicit remains(std::string_view piece)
        : piece_{piece}, page_{static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))}
    {}

    /// Something of it is there. Throws bad_alloc.
    bool look_into(const unique_fd& file)
    {
        piece_search search{piece_, page_, reinterpret_cast<std::uintptr_t>(piece_.data()) % page_};
        struct stat seen{};
        if (::fstat(file.borrow(), &seen) == -1 || !S_ISREG(seen.st_mode))
            return false;
        const auto size = static_cast<std::uint64_t>(seen.st_size);
        unsigned more = stretches_more;
        for (std::uint64_t end = size; end > 0 && left_ > 0 && !search.over() && more > 0;) {
            const std::uint64_t length = std::min<std::uint64_t>({end, stretch_bytes, left_});
            const std::uint64_t begin = end - length;
            const std::uint64_t from = begin - std::min(begin, piece_search::margin_before);
            const std::uint64_t to = std::min(end + search.margin_behind(), size);
            const std::string text = read_at(file, from, to - from);
            search.look_at({.text = text,
                            .at = from,
                            .begin = begin - from,
                            .end = end - from,
                            .last = to == size});
            left_ -= length;
            end = begin;
            more -= search.whole() > 0 || !search.halves().empty() ? 1 : 0;
        }
        for (const auto& each : search.halves())
            blank(file, search, each);
        there_ = search.whole();
        return there_ > 0 || !search.halves().empty();
    }

    [[nodiscard]] std::size_t there() const noexcept { return there_; }
    [[nodiscard]] bool may_look_further() const noexcept { return left_ > 0; }

private:
    /// A line of blanks: nothing in the file moves, and its other lines are as they should be.
    void blank(const unique_fd& file, const piece_search& search,
               const piece_search::half_line& half) const
    {
        const unique_fd writable = open_again(file.borrow(), O_RDWR);
        const std::string_view ours = piece_.substr(half.begin, half.length);
        const auto at = static_cast<off_t>(half.at);
        // (Should somebody make the file shorter now, it would get zeros up to here.)
        if (!writable.valid() || read_at(file, half.at, ours.size()) != ours)
            return;
        // One byte over itself waits for whoever is writing at this moment: what we have seen at
        // the end of the file may be the first page of a line that is on its way.
        if (::pwrite(writable.borrow(), ours.data(), 1, at) != 1)
            return;
        const std::string seen = read_at(file, half.at, ours.size() + search.margin_behind());
        if (!seen.starts_with(ours) ||
            !search.ends_before(std::string_view{seen}.substr(ours.size()), half))
            return;
        std::string blanks(ours.size(), ' ');
        blanks.back() = '\n';
        // If that fails, a line is not as it should be; ours are all there.
        static_cast<void>(::pwrite(writable.borrow(), blanks.data(), blanks.size(), at));
    }

    std::string_view piece_;
    std::size_t page_;
    std::uint64_t left_ = looked_through_max;
    std::size_t there_ = 0;
};

/// Throws bad_alloc.
std::string path_of(int descriptor)
{
    std::string path(4096, '\0');
    const link_path link = link_of(descriptor);
    const ssize_t length = ::readlink(link.text.data(), path.data(), path.size());
    path.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return path;
}

}  // namespace

std::optional<std::size_t> settle_remains(int descriptor, std::string_view piece) noexcept
{
    try {
        const unique_fd file = open_again(descriptor, O_RDONLY);
        if (!file.valid() || piece.empty())
            return std::nullopt;
        remains of{piece};
        if (of.look_into(file))
            return of.there();
        const std::string path = path_of(descriptor);
        for (unsigned number = 1; number <= put_aside_max && of.may_look_further(); ++number) {
            const auto aside = wary_open(fmt::format("{}.{}", path, number), O_RDONLY);
            if (!aside || of.look_into(*aside))
                break;
        }
        return of.there();
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

bool ends_within_line(int descriptor) noexcept
{
    struct stat seen{};
    if (::fstat(descriptor, &seen) == 0 && seen.st_size == 0)
        return false;
    const unique_fd file = open_again(descriptor, O_RDONLY);
    char last = '\0';
    return !file.valid() || ::fstat(file.borrow(), &seen) == -1 ||
           ::pread(file.borrow(), &last, 1, seen.st_size - 1) != 1 || last != '\n';
}

}  // namespace cohort::observe
