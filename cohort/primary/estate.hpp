#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/board/segment.hpp>

#include <vector>

namespace cohort::primary {

/// What outlives a primary: made by the root before the first one, and the same for all of them. A
/// resource.
struct estate {
    board::ledger book;
    board::segment board;

    /// Order: after everything that the program opens for itself, right before the first primary:
    /// what is open then is never touched by one that cleans up after another.
    /// Errors: EMFILE, ENOMEM; errc::too_large, more than 1,024 descriptors are open.
    [[nodiscard]] static result<estate> create();

    /// What is open now and was not then: a dead primary's. Order: before anything is opened.
    /// Errors: those of process::open_descriptors().
    [[nodiscard]] result<std::vector<int>> left_open() const;
};

}  // namespace cohort::primary
