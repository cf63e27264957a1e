#pragma once
// Every error that leaves this server is a problem document (RFC 9457).

#include <cohort/http/response.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// "application/problem+json" with the members status, title, detail (if not empty) and whatever
/// `members` adds. An empty title becomes the status' own phrase. Member names that the RFC
/// defines ("type", "title", "status", "detail") in `members` replace ours.
[[nodiscard]] response problem(unsigned status, std::string_view title = {},
                               std::string_view detail = {}, boost::json::object members = {});

/// 503 with Retry-After, the answer when a bounded queue is full.
[[nodiscard]] response overloaded(std::string_view detail = "too much work is waiting");

/// What a handler throws to answer with a problem from anywhere below it:
///
///     throw cohort::http::refusal{404, "No such user"};
///     throw cohort::http::refusal{409, "Already paid"}.detail("…").member("payment", 17);
class refusal : public std::exception {
public:
    /// `status` 400 to 599; others become 500.
    explicit refusal(unsigned status, std::string title = {});

    /// One sentence about this occurrence, for the person at the other end.
    refusal& detail(std::string words) &;
    refusal&& detail(std::string words) && { return std::move(detail(std::move(words))); }

    /// One more member of the document: anything that Boost.JSON can convert.
    template <class T>
    refusal& member(std::string_view name, T&& value) &
    {
        add_member(name, boost::json::value_from(std::forward<T>(value)));
        return *this;
    }
    template <class T>
    refusal&& member(std::string_view name, T&& value) &&
    {
        return std::move(member(name, std::forward<T>(value)));
    }

    /// One more header field of the answer.
    refusal& header(std::string name, std::string value) &;
    refusal&& header(std::string name, std::string value) &&;

    [[nodiscard]] unsigned status() const noexcept { return status_; }
    [[nodiscard]] const char* what() const noexcept override { return title_.c_str(); }
    [[nodiscard]] response answer() const;

private:
    void add_member(std::string_view name, boost::json::value value);

    unsigned status_;
    std::string title_;
    std::string detail_;
    boost::json::object members_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace cohort::http
