#pragma once
// What a route's notes may say for the documentation:
//
//     api.post("/payments", pay, {.notes = {summary{"Pays"}, tag{"payments"},
//                                           answers{201, payment_schema, "It is booked"}}});

#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// One line about a route.
struct summary {
    std::string words;
};

/// More about it; Markdown.
struct description {
    std::string words;
};

/// A group that it belongs to. Several are allowed.
struct tag {
    std::string name;
};

/// Its name in generated clients, unique in the program; "get_users_id" if nothing is said.
struct operation_id {
    std::string name;
};

/// It is going away.
struct deprecated {};

/// It stays out of the documentation.
struct undocumented {};

/// A security scheme (openapi_info::security) that it asks for. Several: any of them will do.
struct security {
    std::string scheme;
    std::vector<std::string> scopes = {};
};

/// A JSON Schema, as a part of a document.
using shape_maker = std::function<boost::json::object(schema::describer&)>;

/// What it answers with one status. Several are allowed. A value.
class answers {
public:
    /// Without a body.
    explicit answers(unsigned status, std::string about = {})
        : status_{status}, about_{std::move(about)}
    {}

    /// With JSON of that shape: a schema::object or schema::type.
    template <class Schema>
        requires requires(const Schema& shape, schema::describer& by) { shape.describe(by); }
    answers(unsigned status, const Schema& shape, std::string about = {})
        : status_{status},
          about_{std::move(about)},
          shape_{[shape](schema::describer& by) { return shape.describe(by); }}
    {}

    [[nodiscard]] unsigned status() const noexcept { return status_; }
    [[nodiscard]] const std::string& about() const noexcept { return about_; }
    /// Empty: no body.
    [[nodiscard]] const shape_maker& shape() const noexcept { return shape_; }

private:
    unsigned status_;
    std::string about_;
    shape_maker shape_;
};

/// Where a handler's input stands in a request.
enum class place : std::uint8_t { path, query, header, body };

/// What it takes; noted by http::valid() and its like. A value. `shape`: of a body; of the others
/// an object with a property for each parameter.
struct expects {
    place where;
    shape_maker shape;
};

}  // namespace cohort::http
