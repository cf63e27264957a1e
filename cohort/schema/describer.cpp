#include <cohort/schema/describer.hpp>

#include <boost/json/value.hpp>

namespace cohort::schema {

boost::json::object describer::refer(const identity& what, std::string_view name,
                                     const std::function<boost::json::object(describer&)>& make)
{
    std::string own{name};
    for (int number = 2;; ++number) {
        const auto [place, is_new] = named_.try_emplace(own, entry{what, {}});
        if (is_new) {
            // Into the map only then: it grows while this one is described.
            boost::json::object made = make(*this);
            named_.at(own).what = std::move(made);
            break;
        }
        if (place->second.of == what)
            break;
        own = std::string{name} + "_" + std::to_string(number);
    }
    boost::json::object reference;
    reference["$ref"] = (dialect_ == dialect::openapi ? "#/components/schemas/" : "#/$defs/") + own;
    return reference;
}

boost::json::object describer::definitions() const
{
    boost::json::object all;
    for (const auto& [name, each] : named_)
        all[name] = each.what;
    return all;
}

}  // namespace cohort::schema
