#include <cohort/schema/nullable.hpp>

namespace cohort::schema::detail {

boost::json::object describe_nullable(boost::json::object of)
{
    boost::json::object null;
    null["type"] = "null";
    boost::json::array both;
    both.emplace_back(std::move(of));
    both.emplace_back(std::move(null));
    boost::json::object out;
    out["anyOf"] = std::move(both);
    return out;
}

}  // namespace cohort::schema::detail
