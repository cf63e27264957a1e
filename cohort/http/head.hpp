#pragma once
// What a request says before its body: plain data of fixed size, offsets into the request's bytes
// and no pointers, so that it can live in shared memory beside them.

#include <cohort/http/method.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace cohort::http {

/// A piece of the request's bytes.
struct text_span {
    std::uint16_t offset;
    std::uint16_t length;
};

struct field_span {
    text_span name;
    text_span value;  ///< Without the white space around it.
};

/// One field as views into the request's bytes.
struct field_view {
    std::string_view name;
    std::string_view value;
};

/// Where the body ends.
enum class framing : std::uint8_t { none, length, chunked };

/// The four forms of RFC 9112 section 3.2. The parser refuses authority (CONNECT) itself.
enum class target_form : std::uint8_t { origin, absolute, authority, asterisk };

/// A parsed head. A value; `fields` beyond `fields_count` hold nothing.
struct head {
    static constexpr std::size_t fields_max = 100;

    std::uint32_t size;            ///< Bytes of the head, leading empty lines included.
    std::uint64_t content_length;  ///< 0 unless body is framing::length.
    method verb;
    target_form form;
    std::uint8_t minor_version;  ///< 0 or 1; HTTP/1.2 and later count as 1.
    framing body;
    bool keep_alive;       ///< What the client asks; we may still close.
    bool expect_continue;  ///< It waits for 100 before it sends a body.
    bool upgrade;          ///< Connection names Upgrade, and there is an Upgrade field.
    std::uint8_t fields_count;
    text_span method_text;
    text_span target;  ///< As sent.
    text_span path;    ///< Raw, begins with "/"; empty if an absolute target had none.
    text_span query;   ///< Raw, without "?".
    text_span host;    ///< Host and port: of the absolute target, else the Host field.
    std::array<field_span, fields_max> fields;
};

static_assert(std::is_trivially_copyable_v<head> && std::is_standard_layout_v<head>);
static_assert(sizeof(head) <= 860, "one per running request; keep it small");

/// A head together with the bytes it speaks of. A value; valid as long as both stay where they are.
class head_view {
public:
    head_view() noexcept = default;
    head_view(const head& parsed, const char* bytes) noexcept
        : head_{&parsed}, bytes_{bytes}
    {}

    [[nodiscard]] const head& raw() const noexcept { return *head_; }
    [[nodiscard]] method verb() const noexcept { return head_->verb; }
    [[nodiscard]] std::string_view method_text() const noexcept { return at(head_->method_text); }
    [[nodiscard]] std::string_view target() const noexcept { return at(head_->target); }

    /// Never empty: "/" for an absolute target without a path, "*" for the asterisk form, and for
    /// OPTIONS of an absolute target with neither path nor query, which is how RFC 9112 section
    /// 3.2.4 has it reach us through a proxy.
    [[nodiscard]] std::string_view path() const noexcept
    {
        if (head_->path.length != 0) [[likely]]
            return at(head_->path);
        const bool whole_server = head_->verb == method::options &&
                                  head_->form == target_form::absolute &&
                                  head_->query.length == 0 && !target().ends_with('?');
        return whole_server ? "*" : "/";
    }
    [[nodiscard]] std::string_view query() const noexcept { return at(head_->query); }
    [[nodiscard]] std::string_view host() const noexcept { return at(head_->host); }

    [[nodiscard]] std::size_t fields_count() const noexcept { return head_->fields_count; }
    [[nodiscard]] field_view field(std::size_t index) const noexcept
    {
        const field_span& f = head_->fields[index];
        return {at(f.name), at(f.value)};
    }

    /// The first field called `name`, whatever its case.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

private:
    [[nodiscard]] std::string_view at(text_span span) const noexcept
    {
        return {bytes_ + span.offset, span.length};
    }

    const head* head_ = nullptr;
    const char* bytes_ = nullptr;
};

}  // namespace cohort::http
