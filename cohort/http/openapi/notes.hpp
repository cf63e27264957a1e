#pragma once
// What a route's notes may say for the documentation:
//
//     api.post("/payments", pay, {.notes = {summary{"Pays"}, tag{"payments"},
//                                           answers{201, payment_schema, "It is booked"}}});

#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

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

/// A security scheme (openapi_info::security) that it asks for. Several: any of them will do. None
/// below authenticated(): all of the document's.
struct security {
    std::string scheme;
    std::vector<std::string> scopes = {};
};

/// A JSON Schema, as a part of a document.
using shape_maker = std::function<boost::json::object(schema::describer&)>;

/// A media type that is not JSON: "text/csv", "image/*".
struct media {
    std::string type;
};

/// A body of JSON as it may be sent. Several are allowed.
struct example {
    boost::json::value body;
    std::string summary = {};
};

/// What it answers with one status. Several are allowed, also with one status and different types.
/// A value.
class answers {
public:
    /// Without a body; with a problem document from 400 on.
    explicit answers(unsigned status, std::string about = {})
        : status_{status}, about_{std::move(about)}
    {}

    /// With JSON of that shape: a schema::object or schema::type.
    template <class Schema>
        requires requires(const Schema& shape, schema::describer& by) { shape.describe(by); }
    answers(unsigned status, const Schema& shape, std::string about = {})
        : status_{status},
          about_{std::move(about)},
          type_{"application/json"},
          shape_{[shape](schema::describer& by) { return shape.describe(by); }}
    {}

    /// With something else.
    answers(unsigned status, media type, std::string about = {})
        : status_{status}, about_{std::move(about)}, type_{std::move(type.type)}
    {}

    /// A header field that this answer has.
    [[nodiscard]] answers&& header(std::string name, std::string about = {}) &&
    {
        headers_.emplace_back(std::move(name), std::move(about));
        return std::move(*this);
    }

    /// What the body may look like.
    [[nodiscard]] answers&& example(boost::json::value body, std::string summary = {}) &&
    {
        examples_.push_back({std::move(body), std::move(summary)});
        return std::move(*this);
    }

    [[nodiscard]] unsigned status() const noexcept { return status_; }
    [[nodiscard]] const std::string& about() const noexcept { return about_; }
    /// Empty: no body.
    [[nodiscard]] const std::string& type() const noexcept { return type_; }
    /// Empty unless it is JSON.
    [[nodiscard]] const shape_maker& shape() const noexcept { return shape_; }
    [[nodiscard]] const auto& headers() const noexcept { return headers_; }
    [[nodiscard]] const auto& examples() const noexcept { return examples_; }

private:
    unsigned status_;
    std::string about_;
    std::string type_;
    shape_maker shape_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<http::example> examples_;
};

/// What a form has: `form_fields{}.text("title").file("photo", "image/jpeg").optional()`. A value.
class form_fields {
public:
    struct field {
        std::string name;
        std::string about;
        std::string file_type;  ///< Empty: it is no file.
        bool needed = true;
    };

    [[nodiscard]] form_fields&& text(std::string name, std::string about = {}) &&;
    [[nodiscard]] form_fields&& file(std::string name,
                                     std::string type = "application/octet-stream",
                                     std::string about = {}) &&;
    /// The last one may be absent.
    [[nodiscard]] form_fields&& optional() &&;

    [[nodiscard]] const std::vector<field>& all() const noexcept { return all_; }
    [[nodiscard]] bool has_files() const noexcept;

private:
    std::vector<field> all_;
};

/// A body that its handler reads by itself, without a schema: a form, a file, anything. Several are
/// allowed. A value.
struct takes {
    /// Urlencoded, or multipart/form-data if it has files.
    explicit takes(form_fields fields);
    explicit takes(media what)
        : type{std::move(what.type)}
    {}

    std::string type;
    form_fields form = {};
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
