#pragma once
// What a primary writes down, so that the next one can go on in its place. Made before the first
// primary, mapped by root and primaries only, at one address.
//
// A primary may die between any two instructions. Each record changes as one; each deed is written
// down so that doing it again, or half of it again, does no harm.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/detail/sealed_memory.hpp>
#include <cohort/board/ledger_layout.hpp>

#include <cstddef>
#include <span>

namespace cohort::board {

/// A resource. One writer: the primary.
class ledger {
public:
    /// Errors: EMFILE, ENOMEM.
    [[nodiscard]] static result<ledger> create();
    /// Maps one that the program before us left (process/renewal.hpp).
    /// Errors: errc::board_layout_mismatch, it is none, or of another layout; ENOMEM.
    [[nodiscard]] static result<ledger> attach(unique_fd fd);
    /// To be left to the next program. Close-on-exec.
    [[nodiscard]] const unique_fd& fd() const noexcept { return memory_.fd(); }

    [[nodiscard]] ledger_head& head() const noexcept;
    /// `slot` is less than slots_max.
    [[nodiscard]] committed<ledger_seat>& seat(unsigned slot) const noexcept;
    /// `index` is less than ledger_endpoints_max; the order means nothing.
    [[nodiscard]] committed<ledger_endpoint>& endpoint(std::size_t index) const noexcept;

    [[nodiscard]] committed<ledger_generation>& generation(ledger_role which) const noexcept;
    [[nodiscard]] committed<ledger_upgrade>& upgrade() const noexcept;

    /// Numbers beyond ledger_descriptors_max have no note: nothing, and nothing happens.
    [[nodiscard]] parcel_note parcel(int descriptor) const noexcept;
    void note(int descriptor, parcel_note what) const noexcept;

    /// The descriptors that are nobody's but root's, ascending.
    [[nodiscard]] std::span<const std::int32_t> pristine() const noexcept;
    /// Errors: errc::too_large.
    [[nodiscard]] result<> set_pristine(std::span<const int> open) const;

    /// What this process forks from now on does not map it. (Its twins do.)
    void keep_from_children() const noexcept;

private:
    explicit ledger(detail::sealed_memory memory) noexcept;
    template <class T>
    [[nodiscard]] T& part(std::size_t at) const noexcept;

    detail::sealed_memory memory_;
};

}  // namespace cohort::board
