#include <cohort/process/program_map.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace cohort::process {

namespace {

/// "begin-end rights offset device inode   path"
std::optional<mapped_code> parse_line(std::string_view line)
{
    const auto begin = detail::hexadecimal(detail::cut(line, '-'));
    const auto end = detail::hexadecimal(detail::cut(line, ' '));
    const std::string_view rights = detail::cut(line, ' ');
    const auto offset = detail::hexadecimal(detail::cut(line, ' '));
    detail::cut(line, ' ');
    const auto inode = parse_integer<std::uint64_t>(detail::cut(line, ' '));
    if (!begin || !end || *begin >= *end || !offset || !inode || rights.size() != 4 ||
        rights[2] != 'x')
        return std::nullopt;
    mapped_code piece{.begin = *begin, .end = *end, .offset = *offset, .inode = *inode};
    piece.path = detail::skip_blanks(line);
    return piece;
}

}  // namespace

program_map program_map::parse(std::string_view text)
{
    program_map all;
    while (!text.empty() && all.pieces_.size() < pieces_max) {
        if (auto piece = parse_line(detail::next_line(text)))
            all.pieces_.push_back(*std::move(piece));
    }
    std::ranges::sort(all.pieces_, {}, &mapped_code::begin);
    return all;
}

program_map program_map::of(pid_t process)
{
    const auto text = read_system_file(fmt::format("/proc/{}/maps", process));
    return text ? parse(*text) : program_map{};
}

const mapped_code* program_map::at(std::uint64_t address) const noexcept
{
    const auto behind = std::ranges::upper_bound(pieces_, address, {}, &mapped_code::begin);
    if (behind == pieces_.begin())
        return nullptr;
    const mapped_code& piece = *(behind - 1);
    return address < piece.end ? &piece : nullptr;
}

}  // namespace cohort::process
