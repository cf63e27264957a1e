#pragma once
// Which descriptors there are, and which of a dead twin's stay.

#include <cohort/base/error.hpp>
#include <cohort/board/journal.hpp>

#include <span>
#include <vector>

namespace cohort::process {

/// Every descriptor that is open, ascending, without the one used to look.
/// Needs no descriptor where none is left, but time then. Errors: ENOENT, /proc is not mounted.
[[nodiscard]] result<std::vector<int>> open_descriptors();

/// Closes all but those in `keep`: any order, each as often as you like.
/// Errors: errno of close_range(2).
[[nodiscard]] result<> close_others(std::span<const int> keep);

/// Writes down what is open now, for the sweeps to come.
/// Errors: those of open_descriptors(); errc::too_large, more than a journal has room for.
[[nodiscard]] result<std::vector<int>> record_pristine(board::journal_header& into);

/// After a death: closes everything that is neither in `keep` nor a client's connection. A
/// connection is a stream socket that has a live record, or one that the dead had accepted and not
/// recorded yet: connected, its own address that of a socket that listens (also here).
///
/// Returns the connections, ascending; the caller asks the kernel about those without a record.
/// Errors: those of open_descriptors() and close_others().
/// Order: the only one in this table who opens or closes numbers that are not in `keep`.
[[nodiscard]] result<std::vector<int>> sweep(const board::journal& journal,
                                             std::span<const int> keep);

}  // namespace cohort::process
