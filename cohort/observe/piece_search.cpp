#include <cohort/observe/piece_search.hpp>

#include <algorithm>
#include <cstring>

namespace cohort::observe {

namespace {

/// Where it is in the text, from `from` on; npos: it is not. This is a search of linear time, which
/// string_view::find() is not.
std::size_t find_in(std::string_view text, std::string_view what, std::size_t from) noexcept
{
    if (from > text.size())
        return std::string_view::npos;
    const void* const found =
        ::memmem(text.data() + from, text.size() - from, what.data(), what.size());
    return found == nullptr
               ? std::string_view::npos
               : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// How many bytes are the same in both.
std::size_t same_bytes(std::string_view one, std::string_view other) noexcept
{
    return static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
}

}  // namespace

piece_search::piece_search(std::string_view piece, std::size_t page_bytes,
                           std::size_t in_page) noexcept
    : piece_{piece},
      first_{piece.substr(0, std::min(piece.find('\n'), piece.size() - 1) + 1)},
      page_{page_bytes},
      in_page_{in_page}
{
    if (first_.size() > mark_least)
        mark_ = first_.substr(0, std::min(first_.size() - 1, mark_most));
}

bool piece_search::over() const noexcept
{
    return whole_ == piece_.size() || compared_ > compared_max;
}

void piece_search::look_at(const file_stretch& where) noexcept
{
    find_whole_lines(where);
    if (whole_ == 0)
        find_first_halves(where);
}

/// At a page's beginning it may follow the half line of somebody else who was killed.
bool piece_search::begins_line(const file_stretch& in, std::size_t at) const noexcept
{
    if (at > 0 && in.text[at - 1] == '\n')
        return true;
    return (in.at + at) % page_ == 0;
}

void piece_search::find_whole_lines(const file_stretch& in) noexcept
{
    for (std::size_t at = find_in(in.text, first_, in.begin); at < in.end && !over();
         at = find_in(in.text, first_, at + 1))
    {
        if (!begins_line(in, at))
            continue;
        const std::size_t same = same_bytes(in.text.substr(at), piece_);
        compared_ += same;
        const std::size_t whole =
            same == piece_.size() ? same : piece_.substr(0, same).rfind('\n') + 1;
        if (whole <= whole_)
            continue;
        whole_ = whole;
        halves_count_ = 0;
        keep_half(
            {.at = in.at + at + whole, .begin = whole, .length = half_behind(in, at, same, whole)});
    }
}

/// What begins at `begin` has `same` bytes in common with the piece. The last of them may be the
/// first ones of somebody else's line: those are not to be touched.
std::size_t piece_search::half_behind(const file_stretch& in, std::size_t begin, std::size_t same,
                                      std::size_t whole) const noexcept
{
    for (std::size_t cut = same; cut > whole; --cut) {
        const std::string_view after = in.text.substr(begin + cut);
        const bool at_end = after.empty() && in.last;
        if (at_end || (!mark_.empty() && after.starts_with(mark_)))
            return cut - whole;
    }
    // A line of another kind of log.
    return (in.at + begin + same) % page_ == 0 ? same - whole : 0;
}

void piece_search::find_first_halves(const file_stretch& in) noexcept
{
    if (in.last)
        find_first_half(in, in.text.size());
    // Behind the stretch, too: what matters is that it begins within.
    const std::size_t most = std::min(in.text.size(), in.end + first_.size());
    for (std::uint64_t at = (in.at + most) / page_ * page_; at > in.at + in.begin; at -= page_) {
        const auto end = static_cast<std::size_t>(at - in.at);
        if (end != in.text.size() || !in.last)
            find_first_half(in, end);
    }
    if (mark_.empty())
        return;
    for (std::size_t length = page_ - in_page_; length < first_.size(); length += page_)
        find_first_half_of(in, length);
}

/// Before a line of somebody else: at the end of the file it was found already.
void piece_search::find_first_half_of(const file_stretch& in, std::size_t length) noexcept
{
    const std::string_view half = first_.substr(0, length);
    for (std::size_t at = find_in(in.text, half, in.begin); at < in.end && compared_ < compared_max;
         at = find_in(in.text, half, at + 1))
    {
        compared_ += length;
        const bool at_page = (in.at + at + length) % page_ == 0;
        if (!at_page && begins_line(in, at) && in.text.substr(at + length).starts_with(mark_))
            judge_first_half(in, at, at + length);
    }
}

/// Is what ends there, and is the last of its line so far, half of the first line?
void piece_search::find_first_half(const file_stretch& in, std::size_t end) noexcept
{
    const std::size_t low = end - std::min(end, first_.size());
    const std::size_t line_end = in.text.substr(low, end - low).rfind('\n');
    if (line_end != std::string_view::npos)
        judge_first_half(in, low + line_end + 1, end);
    else if (in.at + low == 0)
        judge_first_half(in, low, end);
    if ((in.at + end) % page_ != 0)
        return;
    // Behind half a line of somebody else who was killed, which ends with a page, too.
    for (std::size_t length = page_; length < first_.size() && length < end; length += page_) {
        if (in.text[end - length - 1] != '\n')
            judge_first_half(in, end - length, end);
    }
}

void piece_search::judge_first_half(const file_stretch& in, std::size_t begin,
                                    std::size_t end) noexcept
{
    const half_line found{.at = in.at + begin, .begin = 0, .length = end - begin};
    // A few bytes at the end of the file are another's unless a write may be cut there.
    const bool is_cut = (found.at + found.length) % page_ == 0 ||
                        (in_page_ + found.length) % page_ == 0 || found.length >= mark_least;
    const bool ours = is_cut && begin >= in.begin && begin < in.end &&
                      found.length < first_.size() &&
                      first_.starts_with(in.text.substr(begin, found.length));
    const std::string_view after = in.text.substr(end);
    if (ours && (!after.empty() || in.last) && ends_before(after, found))
        keep_half(found);
}

bool piece_search::ends_before(std::string_view after, const half_line& half) const noexcept
{
    if (after.empty())
        return true;
    const std::string_view rest = piece_.substr(half.begin + half.length);
    // Where ours would go on likewise, it may be another line that begins as ours does.
    if (!mark_.empty() && after.starts_with(mark_))
        return !rest.starts_with(mark_);
    if ((half.at + half.length) % page_ != 0)
        return false;
    // Somebody has ended that line, so that his own are not behind it in one.
    return half.begin > 0 || (after.starts_with('\n') && !rest.starts_with('\n'));
}

void piece_search::keep_half(const half_line& which) noexcept
{
    if (which.length > 0 && halves_count_ < halves_.size())
        halves_[halves_count_++] = which;
}

}  // namespace cohort::observe
