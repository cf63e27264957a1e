#pragma once

#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

namespace cohort::dashboard {

/// JSON Schemas for the documentation of the API; what is sent is made elsewhere (scene.hpp,
/// orders.hpp), and a test compares the two. Values.
struct state_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};
/// Of orders, and of what is asked of the primary.
struct answer_shape {
    [[nodiscard]] boost::json::object describe(schema::describer& by) const;
};

}  // namespace cohort::dashboard
