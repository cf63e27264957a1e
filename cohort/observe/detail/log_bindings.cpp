#include <cohort/observe/detail/log_bindings.hpp>

#include <cohort/observe/detail/log_line.hpp>

namespace cohort::log::detail {

std::string_view bindings::text_of(std::size_t which) const noexcept
{
    const std::size_t begin = pieces_[which].begin;
    const std::size_t end = which + 1 < pieces_.size() ? pieces_[which + 1].begin : text_.size();
    return std::string_view{text_}.substr(begin, end - begin);
}

std::string_view bindings::name_of(std::size_t which) const noexcept
{
    return text_of(which).substr(2, pieces_[which].name_bytes);
}

std::string_view bindings::value_of(std::size_t which) const noexcept
{
    constexpr std::size_t around = 4;  // the comma, two quotes and the colon
    return text_of(which).substr(pieces_[which].name_bytes + around);
}

void bindings::remove(std::string_view name)
{
    for (std::size_t at = 0; at < pieces_.size(); ++at) {
        if (name_of(at) != name)
            continue;
        const std::size_t bytes = text_of(at).size();
        text_.erase(pieces_[at].begin, bytes);
        pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(at));
        for (; at < pieces_.size(); ++at)
            pieces_[at].begin = static_cast<std::uint16_t>(pieces_[at].begin - bytes);
        return;
    }
}

void bindings::add(std::span<const field> more)
{
    for (const field& one : more) {
        std::string text;
        const std::size_t name_end = append_member(text, one, bytes_max);
        remove(std::string_view{text}.substr(2, name_end - 3));
        if (text_.size() + text.size() > bytes_max) {
            whole_ = false;
            continue;
        }
        pieces_.push_back({.begin = static_cast<std::uint16_t>(text_.size()),
                           .name_bytes = static_cast<std::uint16_t>(name_end - 3)});
        text_ += text;
        name_bits_ |= name_bit(name_of(pieces_.size() - 1));
    }
}

}  // namespace cohort::log::detail
