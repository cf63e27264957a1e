#include <cohort/schema/documented.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace cohort::schema::detail {

void add_words(boost::json::object& to, const words& from)
{
    if (!from.about.empty())
        to["description"] = from.about;
    if (!from.examples.empty())
        to["examples"] = boost::json::array(from.examples.begin(), from.examples.end());
}

void refuse_example(const boost::json::value& example, const mistakes& why)
{
    throw std::logic_error{
        fmt::format("schema: the example {}: {}", boost::json::serialize(example), why.text())};
}

}  // namespace cohort::schema::detail
