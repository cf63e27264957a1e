#include <cohort/http/record.hpp>

namespace cohort::http {

namespace {

constexpr std::size_t ordinary_bytes = 65'536;

void empty_out(std::string& text) noexcept
{
    text.clear();
    if (text.capacity() > ordinary_bytes)
        std::string{}.swap(text);
}

}  // namespace

record::record(const limits& bounds, std::size_t input_bytes)
    : parser{bounds}, decoder{bounds}, input{std::make_unique_for_overwrite<char[]>(input_bytes)},
      capacity{input_bytes}
{
    output.reserve(1024);
}

void record::clear() noexcept
{
    begin = at = end = 0;
    output_sent = tail_sent = 0;
    to = nullptr;
    whole_body = {};
    asked.reset();
    answer.reset();
    empty_out(output);
    empty_out(body);
    empty_out(tail);
    parser.reset();
}

}  // namespace cohort::http
