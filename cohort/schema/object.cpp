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

bool refuse_stranger(reader& in, std::string_view name)
{
    const reader::inside at{in, name};
    return in.complain("additionalProperties", "false", "is not expected here");
}

}  // namespace

member::member(std::string name, presence need)
    : name_{std::move(name)}, need_{need}
{
    append_text(quoted_, name_);
    quoted_.push_back(':');
}

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
    if (find(one->name(), 0) != nowhere)
        throw std::logic_error{
            fmt::format("schema `{}`: `{}` is described twice", name, one->name())};
    if (members.size() == members_max)
        throw std::logic_error{fmt::format("schema `{}`: more than {} members", name, members_max)};
    members.push_back(std::move(one));
}

std::size_t shape::find(std::string_view wanted, std::size_t likely) const noexcept
{
    // Who writes JSON by a program keeps the order of the description.
    if (likely < members.size() && members[likely]->name() == wanted)
        return likely;
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
    std::bitset<members_max> seen;
    stranger_names others_seen;
    std::size_t likely = 0;
    if (!in.enter())
        return false;
    for (bool first = true;; first = false) {
        std::string_view found;
        const reader::found more = in.member(first, found);
        if (more == reader::found::ended)
            break;
        if (more == reader::found::stop)
            return false;
        const std::size_t which = find(found, likely);
        if (which != nowhere) {
            if (seen[which])
                return in.fail_twice(found);
            seen.set(which);
            likely = which + 1;
            const reader::inside at{in, members[which]->name()};
            if (!members[which]->read(in, into))
                return false;
            continue;
        }
        if (!others_seen.insert(found))
            return in.fail_twice(found);
        const bool known =
            others == strangers::passed_over || (!tag_name.empty() && found == tag_name);
        if ((!known && !refuse_stranger(in, found)) || !in.skip())
            return false;
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!seen[i] && !complain_absent(in, *members[i]))
            return false;
    }
    return in.complaints() != before || check_rules(in, into);
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
    for (const auto& each : members) {
        const std::vector<std::string_view> values = from(each->name());
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
    out.push_back('{');
    if (!which.name.empty()) {
        append_text(out, which.name);
        out.push_back(':');
        append_text(out, which.value);
        out.push_back(',');
    }
    for (const auto& each : members)
        each->write(out, from);
    if (out.back() == ',')
        out.back() = '}';
    else
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
