#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::testing {

/// What came back, read from the bytes as a client would read them. A value.
class test_answer {
public:
    /// Reads the first answer in `bytes`, to a request with this method, and cuts it off.
    ///
    /// @return       Nothing if `bytes` do not begin with a whole, well-framed answer: what a
    ///               client sees when its connection is cut.
    static std::optional<test_answer> read(std::string_view& bytes, std::string_view method);

    [[nodiscard]] unsigned status() const noexcept { return status_; }

    /// The first field of that name, whatever its case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;

    /// All fields of that name, in order.
    [[nodiscard]] std::vector<std::string_view> headers(std::string_view name) const;

    /// Without its chunk framing.
    [[nodiscard]] const std::string& body() const noexcept { return body_; }

    /// Throws cohort::failure (errc::malformed) if the body is no JSON.
    [[nodiscard]] boost::json::value json() const;

private:
    unsigned status_ = 0;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::string body_;
};

}  // namespace cohort::testing
