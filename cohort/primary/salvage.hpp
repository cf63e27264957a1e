#pragma once

#include <cohort/base/unique_fd.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/board/tickets.hpp>
#include <cohort/primary/listeners.hpp>
#include <cohort/primary/parcel.hpp>

#include <optional>
#include <vector>

namespace cohort::primary {

/// What a dead primary left open that is no part of the ledger's records: finds the clients'
/// connections among it, and closes the rest. A resource.
class salvage {
public:
    salvage(const board::ledger& book, board::tickets tickets, const listeners& doors) noexcept
        : book_{book}, tickets_{tickets}, doors_{doors}
    {}

    /// Looks through them; each is closed, kept, or returned. What it keeps are the ends of the
    /// dead one's channels: workers may still be writing into them.
    [[nodiscard]] std::vector<parcel> sort(const std::vector<int>& left_open);
    /// Connections that are under way in those channels; and then closes them. When all workers
    /// have a new channel.
    [[nodiscard]] std::vector<parcel> close_channels();
    [[nodiscard]] bool has_channels() const noexcept { return !channels_.empty(); }

private:
    [[nodiscard]] std::optional<parcel> judge(unique_fd found) const;
    [[nodiscard]] bool is_ours(int number, board::parcel_note note) const noexcept;
    [[nodiscard]] std::uint32_t endpoint_of(int socket) const;

    const board::ledger& book_;
    board::tickets tickets_;
    const listeners& doors_;
    std::vector<unique_fd> channels_;
};

}  // namespace cohort::primary
