#pragma once
// What a keeper and its workers are made of. Used by the primary for the generation that it is a
// copy of itself, and by a mold for every later one.

#include <cohort/board/journal.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/process/keeper.hpp>

#include <cstdint>

namespace cohort::primary {

/// The words of a worker's welcome. `where.id` may still be 0.
[[nodiscard]] ipc::welcome terms_for(const config::settings& settings, birth_place where);

/// One pair to be. All that it refers to must be there when the keeper is forked; its workers find
/// it in their own memory, copied then.
struct pairing {
    std::uint32_t slot;
    const config::settings& settings;
    const birth_plan& plan;
    const board::segment& board;
    board::journal& journal;
    int inbox;    ///< the end that takes
    int hotline;  ///< likewise
    audience& life;
};

/// Errors: errc::bad_value, no such user.
[[nodiscard]] result<process::keeping> keeping_for(const pairing& what);

}  // namespace cohort::primary
