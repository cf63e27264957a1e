#pragma once
// Bytes into lines, with a bound: what a program writes is not ours to trust. No descriptor here.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::primary {

/// A value. Lines longer than `line_bytes_max` are cut there; what was cut off is counted.
class line_cutter {
public:
    static constexpr std::size_t line_bytes_max = 16 * 1024;

    /// Calls `take` for each line that is whole now, without its end; empty ones are left out.
    template <class F>
    void feed(std::string_view bytes, F&& take)
    {
        while (!bytes.empty()) {
            const std::size_t end = bytes.find('\n');
            add(bytes.substr(0, end));
            if (end == std::string_view::npos)
                return;
            bytes.remove_prefix(end + 1);
            finish(take);
        }
    }

    /// The last line, which nobody ended.
    template <class F>
    void finish(F&& take)
    {
        if (line_.ends_with('\r'))
            line_.pop_back();
        if (!line_.empty())
            take(std::string_view{line_});
        line_.clear();
    }

    /// Bytes that did not fit into their lines so far.
    [[nodiscard]] std::uint64_t cut_off() const noexcept { return cut_off_; }

private:
    void add(std::string_view part)
    {
        const std::size_t room = line_bytes_max - line_.size();
        cut_off_ += part.size() > room ? part.size() - room : 0;
        line_ += part.substr(0, room);
    }

    std::string line_;
    std::uint64_t cut_off_ = 0;
};

/// Is the line one JSON object, which a log may hold as it is?
[[nodiscard]] bool is_json_object(std::string_view line);

}  // namespace cohort::primary
