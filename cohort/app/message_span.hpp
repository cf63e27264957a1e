#pragma once

#include <cohort/ipc/message.hpp>
#include <cohort/observe/letter_span.hpp>

#include <string>
#include <utility>

namespace cohort {

/// A part of the handling of this message, in the process where it has come to; none if its sender
/// did not say what it is part of (message::part_of).
[[nodiscard]] inline observe::span child_of(const message& what, std::string name)
{
    return observe::child_of(what.origin(), std::move(name));
}

}  // namespace cohort
