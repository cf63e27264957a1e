#include "drive.hpp"

#include <algorithm>

namespace cohort::protocol {

bool operator==(const outcome& a, const outcome& b)
{
    const auto same = [](const request& x, const request& y) {
        return x.method == y.method && x.target == y.target && x.body == y.body;
    };
    return std::ranges::equal(a.served, b.served, same) && a.refused == b.refused &&
           a.rule == b.rule && a.after == b.after && a.between_requests == b.between_requests;
}

driver::driver(const http::limits& bounds)
    : parser_{bounds}, chunks_{bounds}
{}

void driver::feed(std::string_view bytes)
{
    bytes_.append(bytes);
    while (result_.after == connection::stays) {
        if (in_body_ ? !read_body() : !read_head())
            break;
    }
    result_.between_requests = result_.refused == 0 && !in_body_ && parser_.idle();
}

void driver::refuse(const http::violation& why)
{
    result_.refused = why.status;
    result_.rule = why.rule;
    result_.after = connection::closes;
}

bool driver::read_head()
{
    const auto status = parser_.parse(bytes_, head_);
    if (status == http::parse_status::refused)
        refuse(parser_.why());
    if (status != http::parse_status::done)
        return false;

    const http::head_view view{head_, bytes_.data()};
    request seen;
    seen.method = view.method_text();
    seen.target = view.target();
    result_.served.push_back(std::move(seen));
    bytes_.erase(0, head_.size);
    body_left_ = head_.content_length;
    in_body_ = true;
    return true;
}

bool driver::read_body()
{
    std::string& body = result_.served.back().body;
    if (head_.body == http::framing::chunked) {
        const auto step = chunks_.decode(bytes_);
        body.append(step.data);
        bytes_.erase(0, step.consumed);
        if (step.status == http::parse_status::refused) {
            // A request whose body is broken is not served.
            result_.served.pop_back();
            refuse(chunks_.why());
            return false;
        }
        if (step.status == http::parse_status::need_more)
            return step.consumed > 0;
    } else {
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes_.size()));
        body.append(bytes_, 0, count);
        bytes_.erase(0, count);
        body_left_ -= count;
        if (body_left_ > 0)
            return false;
    }
    finish_request();
    return true;
}

void driver::finish_request()
{
    in_body_ = false;
    parser_.reset();
    chunks_.reset();
    if (!head_.keep_alive)
        result_.after = connection::closes;
}

outcome drive(std::string_view bytes, const http::limits& bounds, cuts where)
{
    driver one{bounds};
    std::size_t at = 0;
    std::size_t next = where.first;
    while (at < bytes.size()) {
        const std::size_t end = next > at ? std::min(next, bytes.size()) : bytes.size();
        one.feed(bytes.substr(at, end - at));
        at = end;
        next = where.step > 0 ? at + where.step : 0;
    }
    return one.result();
}

}  // namespace cohort::protocol
