#include <cohort/schema/alternatives.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>

namespace cohort::schema::detail {

namespace {

/// Fewer is closer; but a value that is no object at all is further from an object than one with
/// wrong members is.
std::size_t distance(const mistakes& all, std::size_t depth)
{
    const auto other_type = [depth](const mistake& each) {
        const auto levels = static_cast<std::size_t>(std::ranges::count(each.pointer, '/'));
        return each.keyword == "type" && levels == depth;
    };
    return all.all.size() + (std::ranges::any_of(all.all, other_type) ? 2 * mistakes_max : 0);
}

enum class tag_state : std::uint8_t { absent, there };

std::string as_list(const std::vector<std::string>& words)
{
    boost::json::array all;
    for (const std::string& word : words)
        all.emplace_back(word);
    return boost::json::serialize(all);
}

bool complain_tag(reader& in, const std::string& name, const std::vector<std::string>& values,
                  tag_state state)
{
    const reader::inside at{in, name};
    if (state == tag_state::absent)
        return in.complain("required", {}, "is required");
    return in.complain("enum", as_list(values),
                       fmt::format("must be one of: {}", fmt::join(values, ", ")));
}

/// The text of the object's member `name`, without taking the object; nothing if it is not there or
/// no text.
std::optional<std::string> find_tag(reader& in, const std::string& name, tag_state& state)
{
    const reader::look ahead{in};
    if (!in.enter())
        return std::nullopt;
    for (bool first = true;; first = false) {
        std::string_view found;
        if (in.member(first, found) != reader::found::one)
            return std::nullopt;
        if (found != name) {
            if (!in.skip())
                return std::nullopt;
            continue;
        }
        state = tag_state::there;
        std::string_view word;
        if (in.next() != kind::text || !in.take_text(word))
            return std::nullopt;
        return std::string{word};
    }
}

}  // namespace

bool read_first_that_fits(reader& in, std::size_t count, std::size_t& fitting,
                          const std::function<bool(std::size_t)>& one)
{
    const std::size_t depth = in.levels();
    reader::trial attempt{in};
    mistakes closest;
    std::size_t shortest = SIZE_MAX;
    for (std::size_t which = 0; which < count; ++which) {
        if (which > 0 && !attempt.again())
            return false;
        const bool on = one(which);
        if (in.malformed())
            return false;
        if (on && in.complaints() == 0) {
            fitting = which;
            return true;
        }
        mistakes mine = attempt.take();
        if (const std::size_t far = distance(mine, depth); far < shortest) {
            shortest = far;
            closest = std::move(mine);
        }
    }
    return attempt.again() && in.skip() && attempt.keep(std::move(closest));
}

bool read_tag(reader& in, const std::string& name, const std::vector<std::string>& values,
              std::size_t& which)
{
    which = values.size();
    if (const kind is = in.next(); is != kind::object)
        return refuse_type(in, is, "object");
    tag_state state = tag_state::absent;
    const std::optional<std::string> word = find_tag(in, name, state);
    if (in.malformed())
        return false;
    const auto found = word ? std::ranges::find(values, *word) : values.end();
    which = static_cast<std::size_t>(found - values.begin());
    return found != values.end() || (complain_tag(in, name, values, state) && in.skip());
}

boost::json::object describe_union(std::string_view keyword, std::vector<boost::json::object> all)
{
    boost::json::array each;
    for (boost::json::object& one : all)
        each.emplace_back(std::move(one));
    boost::json::object out;
    out[keyword] = std::move(each);
    return out;
}

void add_discriminator(boost::json::object& to, const describer& by, const std::string& name,
                       const std::vector<std::string>& values)
{
    if (by.speaks() != dialect::openapi)
        return;
    boost::json::object mapping;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const boost::json::value* const reference =
            to.at("oneOf").at(i).as_object().if_contains("$ref");
        if (reference == nullptr)  // OpenAPI looks at none without a name
            return;
        mapping[values[i]] = *reference;
    }
    boost::json::object out;
    out["propertyName"] = name;
    out["mapping"] = std::move(mapping);
    to["discriminator"] = std::move(out);
}

void check_tags(const std::vector<std::string>& values)
{
    if (std::set<std::string>(values.begin(), values.end()).size() != values.size())
        throw std::logic_error{"schema: two alternatives of a union have the same word"};
}

}  // namespace cohort::schema::detail
