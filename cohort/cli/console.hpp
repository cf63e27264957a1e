#pragma once

#include <cohort/base/utf8.hpp>  // printable(): for whatever others wrote

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

/// What a text means, for whoever has colours.
enum class tone : std::uint8_t { plain, good, warning, bad, faint, strong };

/// Rows under a head, aligned. A value.
class table {
public:
    struct cell {
        cell(std::string words, tone how = tone::plain)
            : text{std::move(words)}, colour{how}
        {}
        std::string text;
        tone colour;
    };
    /// Of a column: `right` for numbers.
    enum class side : std::uint8_t { left, right };

    void column(std::string head, side where = side::left);
    void row(std::vector<cell> cells);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

private:
    friend class console;
    std::vector<std::pair<std::string, side>> heads_;
    std::vector<std::vector<cell>> rows_;
};

/// Where a verb writes: one line a fact on the standard output, or JSON; what went wrong, hints and
/// progress on the standard error. A resource: one for each process.
class console {
public:
    /// Colours if the standard output is a terminal, and NO_COLOR is not set.
    console();

    void want_json() noexcept { json_ = true; }
    [[nodiscard]] bool wants_json() const noexcept { return json_; }
    [[nodiscard]] bool is_terminal() const noexcept { return terminal_; }
    [[nodiscard]] unsigned width() const noexcept;
    /// Lines of the terminal.
    [[nodiscard]] unsigned height() const noexcept;

    /// Nothing of these three is written where JSON is wanted.
    void line(std::string_view text);
    void print(const table& what);
    /// On a terminal the next line takes its place. Elsewhere it is written once the next one
    /// comes, or a result that does not say the same.
    void progress(std::string_view text);

    void json(const boost::json::value& what);

    /// "cohort: no cohort is called api"
    void problem(std::string_view text);
    /// Where JSON is wanted and a verb failed before it had any: {"exit":1,"reason":…}, the reason
    /// is the first problem. Order: last.
    void conclude_json(unsigned code);
    /// What to do about it.
    void hint(std::string_view text);

    /// As it is; for text that is the answer itself.
    void raw(std::string_view text);
    void flush();

    [[nodiscard]] std::string paint(std::string_view text, tone how) const;

private:
    /// @param result  what is said next
    void end_progress(std::string_view result = {});

    bool json_ = false;
    bool said_json_ = false;
    std::string first_problem_;
    bool terminal_ = false;  // the standard output
    bool error_terminal_ = false;
    bool colours_ = false;
    bool progress_shown_ = false;
    std::string held_progress_;
};

/// How wide a text is on a terminal: UTF-8 code points.
[[nodiscard]] std::size_t width_of(std::string_view text) noexcept;
/// The first so many columns of it.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t width) noexcept;

}  // namespace cohort::cli
