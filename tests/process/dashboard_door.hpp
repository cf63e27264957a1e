#pragma once
// Whoever asks the dashboard of programs/regent.cpp.

#include "door.hpp"
#include "kept_server.hpp"

#include <string>
#include <string_view>

namespace cohort::testing {

inline std::string door_of(kept_server& server) { return door_of(server.program(), "regent"); }

/// At the Unix socket of its dashboard. Throws failure if nobody listens there.
inline answered ask(kept_server& server, std::string_view line, std::string_view body = {})
{
    return exchange(client::to_unix(door_of(server)), line, {}, body);
}

}  // namespace cohort::testing
