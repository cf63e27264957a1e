#pragma once

#include <boost/json/object.hpp>

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cohort::schema {

/// For whom a schema is written. openapi: with `discriminator`, which plain JSON Schema lacks, and
/// with the named ones under components.
enum class dialect : std::uint8_t { json_schema, openapi };

/// Writes JSON Schema (2020-12), and collects the named objects that it refers to: each once, also
/// if they contain themselves. A resource; one for each document.
class describer {
public:
    explicit describer(dialect of = dialect::json_schema) noexcept
        : dialect_{of}
    {}
    describer(const describer&) = delete;
    describer& operator=(const describer&) = delete;

    [[nodiscard]] dialect speaks() const noexcept { return dialect_; }

    /// What tells apart what has the same name: a description, and the tag that it has in a union.
    struct identity {
        const void* of;
        std::string tag = {};
        friend auto operator<=>(const identity&, const identity&) = default;
    };

    /// {"$ref": …} to what `make` describes. The second "Item" that is another one becomes
    /// "Item_2".
    [[nodiscard]] boost::json::object
    refer(const identity& what, std::string_view name,
          const std::function<boost::json::object(describer&)>& make);

    /// All that was referred to, sorted by name.
    [[nodiscard]] boost::json::object definitions() const;

private:
    struct entry {
        identity of;
        boost::json::object what;
    };
    dialect dialect_;
    std::map<std::string, entry> named_;
};

}  // namespace cohort::schema
