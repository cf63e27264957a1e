#pragma once

#include <cohort/base/error.hpp>

#include <string>

namespace cohort::primary {

/// Why a transaction failed, for who asked for it. Reasons of our own bring their whole sentence as
/// the subject; what the kernel said is only in the text.
[[nodiscard]] inline std::string words_of(const fault& why)
{
    const bool kernels = why.why().category() == boost::system::system_category();
    return kernels || why.subject().empty() ? why.text() : std::string{why.subject()};
}

}  // namespace cohort::primary
