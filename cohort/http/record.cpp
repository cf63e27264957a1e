#include <cohort/http/record.hpp>

namespace cohort::http {

record::record(const limits& bounds, std::size_t input_bytes)
    : parser{bounds},
      decoder{bounds},
      input{std::make_unique_for_overwrite<char[]>(input_bytes)},
      capacity{input_bytes}
{}

void record::clear() noexcept
{
    begin = at = end = 0;
    to = nullptr;
    whole_body = {};
    asked.reset();
    answer.reset();
    output.clear();
    constexpr std::size_t ordinary_bytes = 65'536;
    body.clear();
    if (body.capacity() > ordinary_bytes)
        std::string{}.swap(body);
    parser.reset();
}

}  // namespace cohort::http
