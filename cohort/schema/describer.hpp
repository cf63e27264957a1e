#pragma once

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cohort::schema {

/// Writes JSON Schema (2020-12), and collects the named objects that it refers to: each once, also
/// if they contain themselves. A resource; one for each document.
class describer {
public:
    /// `prefix`: where in the document the named ones will stand ("#/components/schemas/").
    explicit describer(std::string prefix = "#/$defs/")
        : prefix_{std::move(prefix)}
    {}
    describer(const describer&) = delete;
    describer& operator=(const describer&) = delete;

    /// {"$ref": …} to what `make` describes. `identity` tells apart what has the same name: the
    /// second "Item" becomes "Item_2".
    [[nodiscard]] boost::json::object
    refer(const void* identity, std::string_view name,
          const std::function<boost::json::object(describer&)>& make);

    /// All that was referred to, sorted by name.
    [[nodiscard]] boost::json::object definitions() const;

private:
    struct entry {
        const void* identity;
        boost::json::object what;
    };
    std::string prefix_;
    std::map<std::string, entry> named_;
};

}  // namespace cohort::schema
