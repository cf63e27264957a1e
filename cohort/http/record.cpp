#include <cohort/http/record.hpp>

namespace cohort::http {

record::record(const limits& bounds, std::size_t input_bytes)
    : parser{bounds},
      decoder{bounds},
      input{input_bytes},
      capacity{input_bytes},
      whole{input_bytes == 0},
      lasting{input_bytes == 0}
{}

void record::clear() noexcept
{
    begin = at = end = 0;
    if (lasting)
        forget_journal();
    on = {};
    to = nullptr;
    whole_body = {};
    asked.reset();
    answer.reset();
    taker.reset();
    unwritten.reset();
    output.clear();
    constexpr std::size_t ordinary_bytes = 65'536;
    held.release();
    body.clear();
    body_pace.end();
    answer_pace.end();
    answer_taken = 0;
    if (body.capacity() > ordinary_bytes)
        std::string{}.swap(body);
    parser.reset();
}

void record::forget_journal() noexcept
{
    // No connection's page names them any more: the next one may have them without asking.
    constexpr std::size_t ordinary_bytes = 65'536;
    if (!input.journaled() || input.size() > ordinary_bytes) {
        input = {};
        capacity = 0;
    }
    if (out.size() > ordinary_bytes)
        out.end();
    retired.end();
    whole = true;
    kept = {};
}

}  // namespace cohort::http
