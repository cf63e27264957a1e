#pragma once

#include <cohort/http/files/detail/coding_choice.hpp>
#include <cohort/http/files/detail/held_file.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// A file as it is to be sent: in memory, or open. A value; copies share what they hold.
struct representation {
    file_mark mark = {};
    std::shared_ptr<const std::string> bytes = {};  ///< Null: it is in `file`.
    std::shared_ptr<const held_file> file = {};
    std::optional<coding> coded = {};
    std::string_view type = {};  ///< Lives as long as its use.
};

}  // namespace cohort::http::detail
