#pragma once

#include <cohort/http/limiting/limit_fields.hpp>
#include <cohort/http/request.hpp>

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// Attached: the limits that a request has met so far, the outermost first. `hits` has whose they
/// are, in the same order.
struct limits_met {
    struct hit {
        const void* by;
        std::uint64_t key;
    };
    boost::container::small_vector<limit_statement, 2> all;
    boost::container::small_vector<hit, 2> hits;
};

/// Throws cohort::failure (errc::bad_value).
void check_limit_name(std::string_view name);

/// Throws cohort::failure (errc::bad_value), also if the name cannot be one.
[[nodiscard]] limit_rule checked_rule(std::string_view name, const limit_rule::measures& given);

/// Five bytes that stand for a key, for clients to tell their own keys apart. The rest of the hash,
/// which says where in the table a key lies, stays a secret.
[[nodiscard]] std::string octets_of(std::uint64_t hash);

}  // namespace cohort::http::detail
