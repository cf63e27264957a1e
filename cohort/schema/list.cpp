#include <cohort/schema/list.hpp>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <string_view>

namespace cohort::schema::detail {

namespace {

/// The words of JSON Schema for counting these.
struct counted {
    std::string_view least_keyword;
    std::string_view most_keyword;
    std::string_view thing;
};

std::string_view plural(std::size_t count) noexcept { return count == 1 ? "" : "s"; }

bool too_many(reader& in, const count_rule& rule, const counted& words)
{
    return in.complain(
        words.most_keyword, std::to_string(rule.most),
        fmt::format("must have at most {} {}{}", rule.most, words.thing, plural(rule.most)));
}

bool too_few(reader& in, const count_rule& rule, const counted& words)
{
    return in.complain(
        words.least_keyword, std::to_string(rule.least),
        fmt::format("must have at least {} {}{}", rule.least, words.thing, plural(rule.least)));
}

constexpr counted items{"minItems", "maxItems", "item"};
constexpr counted members{"minProperties", "maxProperties", "member"};

}  // namespace

bool complain_too_many(reader& in, const count_rule& rule) { return too_many(in, rule, items); }
bool complain_too_few(reader& in, const count_rule& rule) { return too_few(in, rule, items); }

bool read_words_list(reader& in, const count_rule& rule, std::size_t count,
                     const std::function<bool(std::size_t)>& one)
{
    if (count > rule.most)
        return too_many(in, rule, items);
    for (std::size_t i = 0; i < count; ++i) {
        const reader::inside at{in, i};
        if (!one(i))
            return false;
    }
    return count >= rule.least || too_few(in, rule, items);
}

bool read_map(reader& in, const count_rule& rule,
              const std::function<bool(const std::string&)>& one)
{
    if (const kind is = in.next(); is != kind::object)
        return refuse_type(in, is, "object");
    if (!in.enter())
        return false;
    std::map<std::string, bool> passed_over;  // names beyond the limit: still no name twice
    for (std::size_t count = 0;; ++count) {
        std::string_view found;
        const reader::found more = in.member(count == 0, found);
        if (more == reader::found::ended)
            return count >= rule.least || too_few(in, rule, members);
        if (more == reader::found::stop)
            return false;
        const std::string name{found};
        if (count == rule.most && !too_many(in, rule, members))
            return false;
        const reader::inside at{in, name};
        if (count < rule.most) {
            if (!one(name))
                return false;
        } else if (!passed_over.emplace(name, true).second) {
            return in.fail_twice(name);
        } else if (!in.skip()) {
            return false;
        }
    }
}

bool check_unique(reader& in, const std::vector<std::string>& texts)
{
    std::map<std::string_view, std::size_t> first;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto [place, is_new] = first.try_emplace(texts[i], i);
        if (is_new)
            continue;
        const reader::inside at{in, i};
        if (!in.complain("uniqueItems", "true",
                         fmt::format("must not repeat item {}", place->second)))
            return false;
    }
    return true;
}

boost::json::object describe_list(const count_rule& rule, boost::json::object of)
{
    boost::json::object out;
    out["type"] = "array";
    out["items"] = std::move(of);
    if (rule.least > 0)
        out["minItems"] = rule.least;
    out["maxItems"] = rule.most;
    if (rule.unique)
        out["uniqueItems"] = true;
    return out;
}

boost::json::object describe_map(const count_rule& rule, boost::json::object of)
{
    boost::json::object out;
    out["type"] = "object";
    out["additionalProperties"] = std::move(of);
    if (rule.least > 0)
        out["minProperties"] = rule.least;
    out["maxProperties"] = rule.most;
    return out;
}

void check_counts(const count_rule& rule)
{
    if (rule.least > rule.most)
        throw std::logic_error{"schema: a least number of elements is above the greatest"};
}

}  // namespace cohort::schema::detail
