#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/ledger_layout.hpp>
#include <cohort/net/inbox.hpp>

#include <vector>

namespace cohort::primary {

/// What of a dead primary's descriptors is ours now. A number that a record speaks of may mean
/// something else by now: it must look like what it is said to be, and nothing is claimed twice.
/// A value.
class claims {
public:
    [[nodiscard]] bool has(int number) const;
    void add(int number);

    /// Not valid: it is something else, or somebody has claimed it.
    [[nodiscard]] unique_fd socket(board::held_number held, int type);
    [[nodiscard]] unique_fd pidfd(board::held_number held);
    [[nodiscard]] unique_fd pipe(board::held_number held);
    /// Anonymous memory.
    [[nodiscard]] unique_fd memory(board::held_number held);
    /// A file that is executed.
    [[nodiscard]] unique_fd program(board::held_number held);
    /// The pair, or a new one where the record makes no sense.
    [[nodiscard]] result<net::inbox_pair> pair(board::held_number give, board::held_number take);

private:
    [[nodiscard]] unique_fd claim(board::held_number held, bool fits);

    std::vector<int> numbers_;  // ascending
};

}  // namespace cohort::primary
