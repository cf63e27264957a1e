#include <cohort/schema/object.hpp>

#include <cohort/base/utf8.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>

namespace cohort::schema::detail {

namespace {

constexpr std::size_t nowhere = SIZE_MAX;

/// Members of an object that its description does not know. Made when there is one.
class stranger_names {
public:
    /// False: it was there before.
    bool insert(std::string_view name)
    {
        if (!names_)
            names_.emplace();
        return names_->emplace(name).second;
    }

private:
    std::optional<std::set<std::string>> names_;
};

std::string quoted_text(std::string_view name)
{
    std::string out;
    append_text(out, name);
    return out;
}

bool refuse_stranger(reader& in, std::string_view name)
{
    const reader::inside at{in, name};
    return in.complain("additionalProperties", "false", "is not expected here");
}

}  // namespace

member::member(std::string name, presence need)
    : name_{std::move(name)},
      quoted_{quoted_text(name_)},
      prefix_{"," + quoted_text(name_) + ":"},
      need_{need}
{}

void check_name(std::string_view name)
{
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._-";
    if (name.find_first_not_of(allowed) != std::string_view::npos)
        throw std::logic_error{fmt::format(
            "schema `{}`: a name has letters, digits, points, hyphens, underscores", name)};
}

void check_default(const member& one, void* fresh)
{
    const std::string value = one.value_of(fresh);
    if (value.empty())
        return;
    reader in{value};
    const bool on = one.read(in, fresh);
    const mistakes found = in.take_mistakes();
    if (!on || !found.all.empty())
        throw std::logic_error{
            fmt::format("schema: the default of `{}`: {}", one.name(), found.text())};
}

void shape::add(std::shared_ptr<const member> one)
{
    if (find(one->name()) != nowhere)
        throw std::logic_error{
            fmt::format("schema `{}`: `{}` is described twice", name, one->name())};
    if (members.size() == members_max)
        throw std::logic_error{fmt::format("schema `{}`: more than {} members", name, members_max)};
    members.push_back(std::move(one));
}

std::size_t shape::find(std::string_view wanted) const noexcept
{
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i]->name() == wanted)
            return i;
    }
    return nowhere;
}

bool shape::read(reader& in, void* into, std::string_view tag_name) const
{
    if (const kind is = in.next(); is != kind::object)
        return refuse_type(in, is, "object");
    const std::size_t before = in.complaints();
    if (!in.enter())
        return false;
    // Who writes JSON by a program keeps the order of the description. As long as that is so, a
    // name is compared as it stands, and need be neither decoded nor looked for nor remembered.
    const std::span all{members};
    std::size_t in_order = 0;
    while (in_order < all.size() && in.member_is(in_order == 0, all[in_order]->quoted())) {
        if (!read_member(in, *all[in_order], into))
            return false;
        ++in_order;
    }
    const bool all_there = in_order == all.size() && in.object_ends();
    if (!all_there && !read_rest(in, into, tag_name, in_order))
        return false;
    return in.complaints() != before || check_rules(in, into);
}

bool shape::read_member(reader& in, const member& one, void* into)
{
    const reader::inside at{in, one.name()};
    return one.read(in, into);
}

bool shape::read_rest(reader& in, void* into, std::string_view tag_name, std::size_t in_order) const
{
    std::bitset<members_max> seen;
    for (std::size_t i = 0; i < in_order; ++i)
        seen[i] = true;
    stranger_names others_seen;
    std::size_t likely = in_order;
    for (bool first = in_order == 0;; first = false) {
        std::string_view found;
        std::size_t which = likely;
        if (likely == members.size() || !in.member_is(first, members[likely]->quoted())) {
            const reader::found more = in.member(first, found);
            if (more == reader::found::ended)
                break;
            if (more == reader::found::stop)
                return false;
            which = find(found);
        }
        if (which == nowhere) {
            if (!others_seen.insert(found))
                return in.fail_twice(found);
            const bool known =
                others == strangers::passed_over || (!tag_name.empty() && found == tag_name);
            if ((!known && !refuse_stranger(in, found)) || !in.skip())
                return false;
            continue;
        }
        const member& one = *members[which];
        if (seen[which])
            return in.fail_twice(one.name());
        seen[which] = true;
        likely = which + 1;
        if (!read_member(in, one, into))
            return false;
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!seen[i] && !complain_absent(in, *members[i]))
            return false;
    }
    return true;
}

bool shape::complain_absent(reader& in, const member& one) const
{
    if (one.need() != presence::required)
        return true;
    const reader::inside at{in, one.name()};
    return in.complain("required", {}, "is required");
}

bool shape::check_rules(reader& in, const void* object) const
{
    for (const object_rule& each : rules) {
        if (!each.holds(object) && !in.complain_at(each.pointer, "check", {}, each.message))
            return false;
    }
    return true;
}

bool shape::read_words(reader& in, const words_source& from, void* into) const
{
    std::vector<std::string_view> values;
    for (const auto& each : members) {
        values.clear();
        from(each->name(), values);
        if (values.empty()) {
            if (!complain_absent(in, *each))
                return false;
            continue;
        }
        const reader::inside at{in, each->name()};
        if (!std::ranges::all_of(values, is_utf8)) {
            if (!in.complain("type", "\"string\"", "must be UTF-8"))
                return false;
            continue;
        }
        const bool once = values.size() == 1 || each->repeats();
        if (once ? !each->read_words(in, values, into)
                 : !in.complain("maxItems", "1", "must be there once"))
            return false;
    }
    return in.complaints() != 0 || check_rules(in, into);
}

bool shape::takes_words() const noexcept
{
    for (const auto& each : members) {
        if (!each->takes_words())
            return false;
    }
    return true;
}

void shape::write(std::string& out, const void* from, const tag& which) const
{
    // Each member begins with a comma; the first one becomes the brace.
    const std::size_t begin = out.size();
    if (!which.name.empty()) {
        out.push_back(',');
        append_text(out, which.name);
        out.push_back(':');
        append_text(out, which.value);
    }
    for (const auto& each : members)
        each->write(out, from);
    if (out.size() == begin)
        out.push_back('{');
    else
        out[begin] = '{';
    out.push_back('}');
}

boost::json::object shape::describe(describer& by, const void* fresh, const tag& which) const
{
    boost::json::object properties;
    boost::json::array required;
    if (!which.name.empty()) {
        boost::json::object constant;
        constant["const"] = which.value;
        properties[which.name] = std::move(constant);
        required.emplace_back(which.name);
    }
    for (const auto& each : members) {
        boost::json::object one = each->describe(by);
        if (each->need() == presence::required)
            required.emplace_back(each->name());
        if (each->need() == presence::defaulted) {
            const std::string value = each->value_of(fresh);
            if (!value.empty())
                one["default"] = boost::json::parse(value);
        }
        properties[each->name()] = std::move(one);
    }
    boost::json::object out;
    out["type"] = "object";
    if (!about.empty())
        out["description"] = about;
    out["properties"] = std::move(properties);
    if (!required.empty())
        out["required"] = std::move(required);
    if (others == strangers::refused)
        out["additionalProperties"] = false;
    return out;
}

}  // namespace cohort::schema::detail
