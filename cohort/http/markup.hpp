#pragma once

#include <cohort/http/escape.hpp>
#include <cohort/http/response.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// HTML that is put together from literals in the program and from text that is encoded for its
/// place. A plain std::string does not compile. A value.
///
///     http::markup page{"<h1>", http::html_text{name}, "</h1>"};
///     for (const auto& item : items)
///         page.add({"<li><a href=\"", http::safe_link{item.url}, "\">",
///         http::html_text{item.name},
///                   "</a></li>"});
///     return http::html(std::move(page));
///
/// The types say for which place a text was encoded; that it stands in such a place is yours.
class markup {
public:
    /// One part of it.
    class piece {
    public:
        /// A literal: known when the program is compiled.
        consteval piece(const char* words)
            : text_{words}
        {}
        piece(const html_text& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const attribute& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const safe_link& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const js_string& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const css_string& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const url_component& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const json_in_html& encoded) noexcept
            : text_{encoded.text()}
        {}
        piece(const trusted_html& chosen) noexcept
            : text_{chosen.text()}
        {}
        piece(const markup& inner) noexcept
            : text_{inner.text_}
        {}

    private:
        friend class markup;
        std::string_view text_;
    };

    markup() = default;

    markup(std::initializer_list<piece> pieces) { add(pieces); }

    markup& add(std::initializer_list<piece> pieces)
    {
        for (const piece& each : pieces)
            text_.append(each.text_);
        return *this;
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string take() noexcept { return std::exchange(text_, {}); }

private:
    std::string text_;
};

/// "text/html; charset=utf-8".
[[nodiscard]] response html(markup page, unsigned status = 200);

}  // namespace cohort::http
