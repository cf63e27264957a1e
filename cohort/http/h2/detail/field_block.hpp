#pragma once

#include <cohort/http/response.hpp>
#include <cohort/http/serializer.hpp>

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::h2::detail {

/// An answer's fields in the form in which nghttp2 takes them. A resource: views into itself.
class field_block {
public:
    /// `how` is what plan_answer() decided; its framing says whether there is a Content-Length.
    field_block(const response& what, const answer& how);

    /// Only a status: 100 (Continue).
    explicit field_block(status_code status);

    field_block(const field_block&) = delete;
    field_block& operator=(const field_block&) = delete;

    [[nodiscard]] const nghttp2_nv* data() const noexcept { return fields_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }

private:
    void add(std::string_view name, std::string_view value);
    void add_lines(std::string_view lines);
    [[nodiscard]] std::string_view keep(std::string_view text);
    [[nodiscard]] std::string_view keep_number(std::uint64_t number);

    std::string kept_;  // reserved once, so that what points into it stays true
    std::vector<nghttp2_nv> fields_;
};

}  // namespace cohort::http::h2::detail
