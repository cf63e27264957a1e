#include <cohort/config/detail/key_depth.hpp>

#include <algorithm>

namespace cohort::config::detail {

namespace {

/// Takes characters off the front of a text and counts its lines.
class reading {
public:
    explicit reading(std::string_view text) noexcept
        : rest_{text}
    {}

    [[nodiscard]] bool ended() const noexcept { return rest_.empty(); }
    [[nodiscard]] char front() const noexcept { return rest_.front(); }
    [[nodiscard]] unsigned line() const noexcept { return line_; }

    void drop(std::size_t count = 1) noexcept
    {
        const std::string_view gone = rest_.substr(0, count);
        line_ += static_cast<unsigned>(std::ranges::count(gone, '\n'));
        rest_.remove_prefix(gone.size());
    }

    void drop_comment() noexcept { drop(std::min(rest_.find('\n'), rest_.size())); }

    /// From its first quote to behind its last.
    void drop_string() noexcept
    {
        const char quote = front();
        const bool many_lines = runs(quote, 3);
        drop(many_lines ? 3 : 1);
        while (!ended()) {
            if (front() == '\\' && quote == '"')
                drop(2);
            else if (many_lines && runs(quote, 3))
                return drop_end(quote);
            else if (!many_lines && front() == quote)
                return drop();
            else if (!many_lines && front() == '\n')
                return;  // an error, which somebody else tells
            else
                drop();
        }
    }

private:
    /// One or two quotes before the last three belong to the string.
    void drop_end(char quote) noexcept
    {
        std::size_t end = 3;
        while (end < 5 && runs(quote, end + 1))
            ++end;
        drop(end);
    }

    [[nodiscard]] bool runs(char quote, std::size_t times) const noexcept
    {
        return rest_.size() >= times &&
               std::ranges::all_of(rest_.substr(0, times), [&](char c) { return c == quote; });
    }

    std::string_view rest_;
    unsigned line_ = 1;
};

/// What stands between two keys, or between a key and its value.
bool separates(char c) noexcept
{
    return std::string_view{"\n=,[]{}"}.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<unsigned> line_of_deep_key(std::string_view toml) noexcept
{
    reading at{toml};
    std::size_t parts = 1;
    while (!at.ended()) {
        const char c = at.front();
        if (c == '"' || c == '\'') {
            at.drop_string();
            continue;
        }
        if (c == '#') {
            at.drop_comment();
            continue;
        }
        if (c == '.' && ++parts > key_parts_max)
            return at.line();
        if (separates(c))
            parts = 1;
        at.drop();
    }
    return std::nullopt;
}

}  // namespace cohort::config::detail
