#pragma once
// Text from outside, made harmless for the place where it goes. Each place is a type, so that what
// was made for one cannot be put into another by mistake: see http/markup.hpp.
// Source: OWASP, Cross Site Scripting Prevention; WHATWG HTML sections 13.1 and 4.12.1.3.

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

namespace detail {

/// What the types below have in common: text that is encoded already.
class encoded {
public:
    [[nodiscard]] const std::string& text() const& noexcept { return text_; }
    [[nodiscard]] std::string text() && noexcept { return std::move(text_); }

protected:
    explicit encoded(std::string text) noexcept
        : text_{std::move(text)}
    {}

private:
    std::string text_;
};

}  // namespace detail

/// Between tags: `<p>…</p>`. A value.
class html_text : public detail::encoded {
public:
    explicit html_text(std::string_view raw);
};

/// The value of an attribute, with or without quotation marks around it: `<input value="…">`. Not
/// for attributes that run (onclick) or load (href, src: use safe_link), nor for style. A value.
class attribute : public detail::encoded {
public:
    explicit attribute(std::string_view raw);
};

/// The whole value of href, src or action: http, https, mailto, or a place on this site. Others,
/// "javascript:" above all, become "about:invalid". A value.
class safe_link : public detail::encoded {
public:
    explicit safe_link(std::string_view url);
};

/// Inside the quotation marks of a string in a script: `<script>let name = "…";</script>`. A value.
class js_string : public detail::encoded {
public:
    explicit js_string(std::string_view raw);
};

/// Inside the quotation marks of a string in a style sheet. A value.
class css_string : public detail::encoded {
public:
    explicit css_string(std::string_view raw);
};

/// One segment of a path, or one name or value of a query. A value.
class url_component : public detail::encoded {
public:
    explicit url_component(std::string_view raw);
};

/// JSON inside of a page: `<script type="application/json">…</script>`, or assigned to a variable:
/// the same document, but nothing in it can end the script. A value.
class json_in_html : public detail::encoded {
public:
    explicit json_in_html(const boost::json::value& document);
    /// `document` is JSON already. Throws cohort::failure (errc::malformed) if it is none.
    explicit json_in_html(std::string_view document);
};

/// HTML that is put in as it is. The only way around encoding, and easy to search for: whoever
/// writes this name has made sure that none of it comes from outside. A value.
class trusted_html : public detail::encoded {
public:
    explicit trusted_html(std::string html) noexcept
        : encoded{std::move(html)}
    {}
};

}  // namespace cohort::http
