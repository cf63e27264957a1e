#include <cohort/http/content_policy.hpp>

#include <cohort/base/error.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

bool is_name(std::string_view text) noexcept
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_value(std::string_view text) noexcept
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7f && c != ';' && c != ',';
    });
}

}  // namespace

content_policy content_policy::helmet8()
{
    content_policy all;
    all.set("default-src", {"'self'"});
    all.set("base-uri", {"'self'"});
    all.set("font-src", {"'self'", "https:", "data:"});
    all.set("form-action", {"'self'"});
    all.set("frame-ancestors", {"'self'"});
    all.set("img-src", {"'self'", "data:"});
    all.set("object-src", {"'none'"});
    all.set("script-src", {"'self'"});
    all.set("script-src-attr", {"'none'"});
    all.set("style-src", {"'self'", "https:", "'unsafe-inline'"});
    all.set("upgrade-insecure-requests", {});
    return all;
}

content_policy& content_policy::set(std::string_view directive,
                                    std::initializer_list<std::string_view> values) &
{
    if (!is_name(directive) || !std::ranges::all_of(values, is_value))
        throw failure{fault(errc::bad_value, "set a directive of Content-Security-Policy",
                            std::string{directive})};
    rule one{.name = std::string{directive}, .values = {}};
    one.values.assign(values.begin(), values.end());
    const auto there = std::ranges::find(all_, directive, &rule::name);
    if (there != all_.end())
        *there = std::move(one);
    else
        all_.push_back(std::move(one));
    return *this;
}

content_policy& content_policy::remove(std::string_view directive) &
{
    std::erase_if(all_, [directive](const rule& each) { return each.name == directive; });
    return *this;
}

bool content_policy::uses_nonce() const noexcept
{
    return std::ranges::any_of(all_, [](const rule& each) {
        return std::ranges::find(each.values, nonce) != each.values.end();
    });
}

std::string content_policy::text(std::string_view nonce_is) const
{
    std::string out;
    for (const rule& each : all_) {
        if (!out.empty())
            out += ';';
        out += each.name;
        for (const std::string& value : each.values) {
            out += ' ';
            if (value == nonce)
                out.append("'nonce-").append(nonce_is).append("'");
            else
                out += value;
        }
    }
    return out;
}

}  // namespace cohort::http
