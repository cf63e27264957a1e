#include <cohort/observe/metric_description.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/board/metric_layout.hpp>
#include <cohort/observe/histogram_scale.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace cohort::observe {

namespace {

constexpr std::array<std::string_view, 7> sample_suffixes = {
    "_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount"};

bool is_letter(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view text, bool colons) noexcept
{
    const auto may_begin = [colons](char c) { return is_letter(c) || (colons && c == ':'); };
    return !text.empty() && text.size() <= metric_description::name_max && may_begin(text[0]) &&
           std::ranges::all_of(text,
                               [&](char c) { return may_begin(c) || (c >= '0' && c <= '9'); });
}

class packer {
public:
    void number(std::uint64_t value, unsigned bytes)
    {
        for (unsigned i = 0; i < bytes; ++i)
            out_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
    void text(std::string_view value)
    {
        number(value.size(), 2);
        out_ += value;
    }
    std::string take() && { return std::move(out_); }

private:
    std::string out_;
};

class unpacker {
public:
    explicit unpacker(std::string_view in) noexcept
        : in_{in}
    {}
    std::uint64_t number(unsigned bytes)
    {
        std::uint64_t value = 0;
        if (in_.size() < bytes)
            good_ = false;
        for (unsigned i = 0; good_ && i < bytes; ++i)
            value |= std::uint64_t{static_cast<unsigned char>(in_[i])} << (8 * i);
        in_.remove_prefix(std::min<std::size_t>(bytes, in_.size()));
        return value;
    }
    std::string text()
    {
        const std::size_t size = number(2);
        good_ = good_ && size <= in_.size();
        std::string value{good_ ? in_.substr(0, size) : std::string_view{}};
        in_.remove_prefix(value.size());
        good_ = good_ && is_utf8(value);
        return value;
    }
    [[nodiscard]] bool good() const noexcept { return good_; }
    [[nodiscard]] bool done() const noexcept { return good_ && in_.empty(); }

private:
    std::string_view in_;
    bool good_ = true;
};

std::unexpected<fault> refuse(const metric_description& what, std::string_view why)
{
    return failed(errc::bad_value, "declare the metric", fmt::format("{}: {}", what.name, why));
}

result<> check_name(const metric_description& what)
{
    if (!is_name(what.name, true))
        return refuse(what, "a name is 1 to 200 of a-z, A-Z, 0-9, _ and :, and no digit first");
    if (what.type == metric_type::counter) {
        if (!what.name.ends_with("_total") || what.name.size() == 6)
            return refuse(what, "the name of a counter ends in _total");
    } else if (std::ranges::any_of(sample_suffixes, [&](std::string_view each) {
                   // A gauge of 1 with labels that say what this is: Prometheus' own custom.
                   const bool is_custom = each == "_info" && what.type == metric_type::gauge;
                   return what.name.ends_with(each) && !is_custom;
               }))
    {
        return refuse(what, "only a counter's name ends in _total, and none in _created, _bucket, "
                            "_count or _sum, and only a gauge's in _info");
    }
    if (what.name.starts_with("cohort_metrics_"))
        return refuse(what, "names that begin with cohort_metrics_ are taken");
    const std::string_view base = what.base();
    const std::string_view unit = word_for(what.unit);
    if (!unit.empty() && !(base.ends_with(unit) && base.size() > unit.size() + 1 &&
                           base[base.size() - unit.size() - 1] == '_'))
        return refuse(what, fmt::format("the name of what is measured in {0} ends in _{0}{1}", unit,
                                        what.type == metric_type::counter ? "_total" : ""));
    return {};
}

result<> check_labels(const metric_description& what)
{
    if (what.labels.size() > metric_description::labels_max)
        return refuse(what, "16 labels at most");
    for (std::size_t i = 0; i < what.labels.size(); ++i) {
        const std::string& each = what.labels[i];
        if (!is_name(each, false) || each.starts_with("__"))
            return refuse(what, fmt::format("label \"{}\": a label is 1 to 200 of a-z, A-Z, 0-9 "
                                            "and _, no digit first, and not two _",
                                            printable(each)));
        if (std::find(what.labels.begin(), what.labels.begin() + static_cast<std::ptrdiff_t>(i),
                      each) != what.labels.begin() + static_cast<std::ptrdiff_t>(i))
            return refuse(what, fmt::format("label \"{}\" twice", each));
        if ((what.type == metric_type::histogram && each == "le") || each == "quantile" ||
            (what.across == metric_across::each && each == "slot"))
            return refuse(what, fmt::format("label \"{}\" is ours to set", each));
    }
    return {};
}

result<> check_buckets(const metric_description& what)
{
    if (what.type != metric_type::histogram)
        return {};
    if (what.precision != 3 && what.precision != 5)
        return refuse(what, "precision is 3 or 5");
    if (what.edges.size() > metric_description::edges_max)
        return refuse(what, "64 buckets at most");
    if (std::ranges::adjacent_find(what.edges, std::greater_equal{}) != what.edges.end())
        return refuse(what, "buckets have to ascend");
    if (!what.edges.empty() && what.edges.back() >= histogram_scale::top(what.unit))
        return refuse(what, "no bucket ends above 137 s, 8 GiB or 8 589 934 591");
    if (what.cells() > board::metric_page_words)
        return failed(errc::too_large, "declare the metric",
                      what.name + ": fewer buckets, precision 3 or no exemplars");
    return {};
}

}  // namespace

result<> metric_description::check() const
{
    if (auto made = check_name(*this); !made)
        return made;
    if (help.empty() || help.size() > help_max || !is_utf8(help))
        return refuse(*this, "say in 1 to 1000 bytes of UTF-8 what it is (help)");
    if (auto made = check_labels(*this); !made)
        return made;
    return check_buckets(*this);
}

std::string_view metric_description::base() const noexcept
{
    const std::string_view all = name;
    return type == metric_type::counter && all.ends_with("_total") ? all.substr(0, all.size() - 6)
                                                                   : all;
}

std::size_t metric_description::cells() const
{
    return type == metric_type::histogram ? histogram_cells(*this).end : 1;
}

std::string metric_description::key() const
{
    packer out;
    out.text(name);
    for (const unsigned each : {unsigned(type), unsigned(unit), unsigned(across),
                                unsigned(precision), unsigned(exemplars)})
        out.number(each, 1);
    out.number(labels.size(), 1);
    for (const std::string& each : labels)
        out.text(each);
    out.number(edges.size(), 1);
    for (const std::uint64_t each : edges)
        out.number(each, 8);
    return std::move(out).take();
}

std::optional<metric_description> metric_description::from(std::string_view key,
                                                           std::string_view help)
{
    unpacker in{key};
    metric_description found;
    found.name = in.text();
    const auto type = in.number(1);
    const auto unit = in.number(1);
    const auto across = in.number(1);
    if (type > unsigned(metric_type::histogram) || unit > unsigned(metric_unit::bytes) ||
        across > unsigned(metric_across::each))
        return std::nullopt;
    found.type = static_cast<metric_type>(type);
    found.unit = static_cast<metric_unit>(unit);
    found.across = static_cast<metric_across>(across);
    found.precision = static_cast<std::uint8_t>(in.number(1));
    found.exemplars = in.number(1) != 0;
    for (auto left = in.number(1); in.good() && left > 0; --left)
        found.labels.push_back(in.text());
    for (auto left = in.number(1); in.good() && left > 0; --left)
        found.edges.push_back(in.number(8));
    found.help = help;
    if (!in.done() || !found.check())
        return std::nullopt;
    return found;
}

bool metric_description::goes_with(const metric_description& other) const noexcept
{
    return name == other.name && type == other.type && unit == other.unit && edges == other.edges;
}

std::string_view word_for(metric_type type) noexcept
{
    constexpr std::array<std::string_view, 3> words = {"counter", "gauge", "histogram"};
    return words[static_cast<std::size_t>(type)];
}

std::string_view word_for(metric_unit unit) noexcept
{
    constexpr std::array<std::string_view, 3> words = {"", "seconds", "bytes"};
    return words[static_cast<std::size_t>(unit)];
}

std::string pack_values(const std::vector<std::string>& values)
{
    packer out;
    for (const std::string& each : values)
        out.text(each);
    return std::move(out).take();
}

std::optional<std::vector<std::string>> unpack_values(std::string_view bytes, std::size_t how_many)
{
    unpacker in{bytes};
    std::vector<std::string> values;
    for (std::size_t i = 0; in.good() && i < how_many; ++i)
        values.push_back(in.text());
    if (!in.done())
        return std::nullopt;
    return values;
}

}  // namespace cohort::observe
