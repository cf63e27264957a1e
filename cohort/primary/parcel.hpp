#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>
#include <string>

namespace cohort::primary {

/// An accepted connection that no worker has confirmed yet. A resource.
struct parcel {
    unique_fd connection;
    std::uint32_t endpoint = 0;
    std::string client;     ///< the address, if the policy looks at it
    unsigned attempts = 0;  ///< how often it was given to a worker that died
    steady_time accepted{};
    std::uint32_t ticket = 0;  ///< board::ticket, while it is on its way; 0: none

    /// It was served before, and has come so far; of a fresh one all are 0.
    struct past {
        bool any = false;
        std::uint64_t taken = 0;
        std::uint64_t given = 0;
        std::uint32_t requests = 0;
    };
    past served;
};

}  // namespace cohort::primary
