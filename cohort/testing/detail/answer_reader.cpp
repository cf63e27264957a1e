#include <cohort/testing/detail/answer_reader.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace cohort::testing::detail {

namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;

bool same_word(std::string_view a, std::string_view b) noexcept
{
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

}  // namespace

void answer_reader::expect(const expected_answer& what)
{
    expected_ = what;
    seen_ = {};
    step_ = step::head;
    line_.clear();
    status_line_.clear();
    plain_.clear();
    why_ = {};
    left_ = 0;
    head_bytes_ = 0;
    length_.reset();
    number_.reset();
    chunked_ = false;
    begun_ = false;
}

answer_reader::state answer_reader::feed(std::string_view& bytes)
{
    begun_ = begun_ || !bytes.empty();
    while (step_ != step::done && step_ != step::broken && !bytes.empty()) {
        switch (step_) {
            case step::head:
                if (take_line(bytes))
                    head_line();
                break;
            case step::chunk_size:
                if (take_line(bytes))
                    chunk_line();
                break;
            case step::chunk_end:
                if (take_line(bytes)) {
                    step_ = step::chunk_size;
                    if (!line_.empty())
                        broken("bytes behind a chunk");
                    line_.clear();
                }
                break;
            case step::trailers:
                if (take_line(bytes)) {
                    if (line_.empty())
                        complete();
                    line_.clear();
                }
                break;
            default:
                body(bytes);
                break;
        }
    }
    if (step_ == step::broken)
        return state::broken;
    return step_ == step::done ? state::done : state::reading;
}

answer_reader::state answer_reader::end()
{
    if (step_ != step::until_end)
        return state::reading;
    complete();
    return step_ == step::done ? state::done : state::broken;
}

/// Lines end with CRLF, nothing else.
bool answer_reader::take_line(std::string_view& bytes)
{
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    line_ += piece;
    head_bytes_ += piece.size();
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (head_bytes_ > head_bytes_max) {
        broken("an endless line");
        return false;
    }
    if (end == std::string_view::npos)
        return false;
    if (line_.empty() || line_.back() != '\r') {
        broken("a line that does not end with CRLF");
        return false;
    }
    line_.pop_back();
    return true;
}

void answer_reader::head_line()
{
    if (status_line_.empty()) {
        status(line_);
    } else if (line_.empty()) {
        head_complete();
    } else if (const std::size_t colon = line_.find(':'); colon == std::string::npos) {
        broken("a header line without a colon");
    } else {
        const std::string_view all = line_;
        field(all.substr(0, colon), trimmed(all.substr(colon + 1)));
    }
    line_.clear();
}

void answer_reader::status(std::string_view line)
{
    const auto code =
        parse_integer<unsigned>(line.substr(std::min<std::size_t>(9, line.size()), 3));
    const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
    if (!known || !code || *code < 100 || *code > 599) {
        broken("no status line");
        return;
    }
    status_line_ = line;
    seen_.status = *code;
    seen_.keeps_alive = line[7] == '1';
}

void answer_reader::field(std::string_view name, std::string_view value)
{
    if (same_word(name, "content-length")) {
        const auto length = parse_integer<std::uint64_t>(value);
        if (!length || length_)
            broken("a strange Content-Length");
        length_ = length;
    } else if (same_word(name, "transfer-encoding")) {
        chunked_ = same_word(value, "chunked");
        if (!chunked_)
            broken("a strange Transfer-Encoding");
    } else if (same_word(name, "connection")) {
        if (same_word(value, "close"))
            seen_.keeps_alive = false;
    } else if (same_word(name, "witness-number")) {
        number_ = parse_integer<std::uint64_t>(value);
    } else if (same_word(name, "witness-attempt")) {
        seen_.attempt = parse_integer<std::uint32_t>(value).value_or(0);
    } else if (same_word(name, "witness-slot")) {
        seen_.slot = parse_integer<std::uint32_t>(value);
    }
}

void answer_reader::head_complete()
{
    if (seen_.status < 200) {
        // "100 Continue" and the like: the answer is still to come.
        seen_ = {};
        status_line_.clear();
        return;
    }
    if (chunked_ && length_)
        return broken("two lengths");
    if (chunked_) {
        step_ = step::chunk_size;
    } else if (length_) {
        left_ = *length_;
        step_ = step::fixed;
        if (left_ == 0)
            complete();
    } else if (seen_.status == 204 || seen_.status == 304) {
        complete();
    } else {
        seen_.keeps_alive = false;
        step_ = step::until_end;
    }
}

void answer_reader::chunk_line()
{
    const std::string_view digits = std::string_view{line_}.substr(0, line_.find(';'));
    const char* const end = digits.data() + digits.size();
    std::uint64_t size = 0;
    const auto read = std::from_chars(digits.data(), end, size, 16);
    const bool good = !digits.empty() && read.ec == std::errc{} && read.ptr == end;
    line_.clear();
    head_bytes_ = 0;
    left_ = size;
    step_ = size == 0 ? step::trailers : step::chunk_data;
    if (!good)
        broken("no chunk size");
}

void answer_reader::body(std::string_view& bytes)
{
    const std::uint64_t wanted = step_ == step::until_end ? bytes.size() : left_;
    const std::string_view piece =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes.size())));
    bytes.remove_prefix(piece.size());
    compare(piece);
    if (step_ == step::until_end)
        return;
    left_ -= piece.size();
    if (left_ != 0)
        return;
    if (step_ == step::chunk_data)
        step_ = step::chunk_end;
    else
        complete();
}

void answer_reader::compare(std::string_view piece)
{
    const std::uint64_t at = seen_.body_bytes;
    seen_.body_bytes += piece.size();
    if (seen_.status != 200)
        return;
    if (expected_.body == nullptr) {
        seen_.right = seen_.right && seen_.body_bytes <= expected_.bytes &&
                      is_witness_body(expected_.number, at, piece);
    } else {
        plain_ += piece;
    }
}

void answer_reader::complete()
{
    step_ = step::done;
    if (seen_.status != 200)
        return;
    if (expected_.body == nullptr)
        seen_.right =
            seen_.right && seen_.body_bytes == expected_.bytes && number_ == expected_.number;
    else if (!*expected_.body)
        *expected_.body = plain_;
    else
        seen_.right = **expected_.body == plain_;
}

void answer_reader::broken(std::string_view why)
{
    step_ = step::broken;
    why_ = why;
}

}  // namespace cohort::testing::detail
