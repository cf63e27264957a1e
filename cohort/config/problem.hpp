#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::config {

/// One complaint about a configuration, for the person who wrote it. A value.
struct problem {
    std::string file;     ///< "cohort.toml", "environment", "command line"; empty: the program
    unsigned line = 0;    ///< from 1; 0: not known
    unsigned column = 0;  ///< from 1; 0: not known
    std::string key;      ///< "app.api.stop.timeout"
    std::string words;    ///< "must be 0 to 10 min"

    /// "cohort.toml:7:1: app.api.worker: unknown key; did you mean \"workers\"?"
    [[nodiscard]] std::string text() const;

    friend bool operator==(const problem&, const problem&) = default;
};

/// All complaints, one a line.
[[nodiscard]] std::string text(const std::vector<problem>& list);

/// Collects complaints about the fields of one section.
class complaints {
public:
    explicit complaints(std::string section)
        : section_{std::move(section)}
    {}

    /// Complains that `key` "must be `expected`" if `fine` does not hold.
    void unless(bool fine, std::string_view key, std::string_view expected);

    [[nodiscard]] std::vector<problem> take() && { return std::move(list_); }

private:
    std::string section_;
    std::vector<problem> list_;
};

/// The one of `known` that somebody who typed `word` most likely meant; empty if none is near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& known);

}  // namespace cohort::config
