#include <cohort/schema/type.hpp>

#include <boost/json/value.hpp>

namespace cohort::schema {

boost::json::object whole_schema(boost::json::object root, const describer& by)
{
    boost::json::object out;
    out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    for (auto& [name, value] : root)
        out[name] = std::move(value);
    if (boost::json::object named = by.definitions(); !named.empty())
        out["$defs"] = std::move(named);
    return out;
}

}  // namespace cohort::schema
