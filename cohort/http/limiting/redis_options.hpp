#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cohort::http {

/// Where a Redis or Valkey server is, and how long it may take. A value.
struct redis_options {
    std::string address = "127.0.0.1";  ///< An IP address: names would block while looked up.
    std::uint16_t port = 6379;
    std::string unix_path = {};  ///< In place of both, if it is not empty.
    std::string password = {};   ///< For AUTH; empty: none.

    std::string prefix = "cohort:limit:";  ///< Of all keys there.

    /// For one answer, connecting included.
    std::chrono::milliseconds timeout{50};

    /// After a failure nobody asks for so long; doubles up to the second while it goes on.
    std::chrono::milliseconds pause{1'000};
    std::chrono::milliseconds pause_max{30'000};
};

}  // namespace cohort::http
