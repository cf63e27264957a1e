#pragma once

#include <cohort/http/openapi/notes.hpp>
#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

#include <span>
#include <string_view>

namespace cohort::dashboard {

/// A member of an object, or a parameter. A value.
struct shape_member {
    std::string_view name;
    /// As JSON Schema has it; empty: any. With "?" it may be null; of what is taken: with "!" it
    /// must be there.
    std::string_view type;
    std::string_view about = {};
};

/// A route takes these: parameters, or members of its body. Lifetime: of `which` for ever.
[[nodiscard]] http::expects taken(http::place where, std::span<const shape_member> which);

/// JSON Schemas for the documentation of the API; what is sent is made elsewhere (scene.hpp,
/// orders.hpp), and a test compares the two. Values.
struct state_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};
/// {"workers":[…]}, as the state has them.
struct workers_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};
/// {"may":["look","order"]}
struct access_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};
/// Of orders, and of what is asked of the primary.
struct answer_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};

}  // namespace cohort::dashboard
