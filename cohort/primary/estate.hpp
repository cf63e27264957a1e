#pragma once

#include <cohort/base/error.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/renewal.hpp>
#include <cohort/process/service_manager.hpp>

#include <cstdint>
#include <string_view>
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

    // An upgrade: another program goes on in this process, with all of it.

    /// The estate that the program before us left. Order: as create().
    /// Errors: errc::board_layout_mismatch, it is of another build; those of create().
    [[nodiscard]] static result<estate> take_over(const process::legacy& left);

    /// Which program that is.
    enum class heir : std::uint8_t {
        next,    ///< the one that the upgrade is for
        before,  ///< the one that ran until then
    };
    /// Becomes it. Returns if that failed, with the reason.
    /// Order: as process::renew(); where there is a root, in the root, with no primary.
    [[nodiscard]] fault renew(heir whom, const process::service_manager& manager) const;
    /// The upgrade has failed, for this reason; whoever goes on says so.
    void upgrade_failed(std::string_view why) const;
};

}  // namespace cohort::primary
