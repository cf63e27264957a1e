// Any bytes as a multipart form: whole and byte by byte they say the same, bounds hold, and no data
// holds a boundary. The first byte chooses between boundaries.

#include <cohort/base/assert.hpp>
#include <cohort/http/forms/multipart.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace cohort::http;

namespace {

constexpr multipart_limits limits{.parts_max = 5, .head_bytes_max = 200, .outside_bytes_max = 50};

/// What was heard, as one text.
std::string heard(std::string_view boundary, std::string_view body, std::size_t piece_bytes)
{
    using kind = multipart_step::kind;
    multipart_parser parser{boundary, limits};
    std::string log;
    std::string data;
    while (!body.empty()) {
        std::string_view piece = body.substr(0, piece_bytes);
        body.remove_prefix(piece.size());
        for (;;) {
            const multipart_step step = parser.next(piece);
            if (step.what == kind::refused)
                return log + "refused: " + std::string{parser.mistake().what};
            if (step.what == kind::more)
                break;
            if (step.what == kind::part_begins)
                log += "part " + parser.part().name + parser.part().filename.value_or("-") + '\n';
            data += step.data;
            if (step.what == kind::part_ends) {
                COHORT_ASSERT(data.find("\r\n--" + std::string{boundary}) == std::string::npos);
                log += data + "\nend\n";
                data.clear();
            }
        }
        COHORT_ASSERT(piece.empty());
    }
    COHORT_ASSERT(parser.parts() <= limits.parts_max);
    log += parser.finish() ? "whole" : "cut";
    return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string body(data + 1, data + size);
    const std::string_view boundary = data[0] % 2 == 0 ? "b" : "--b-\"'b";
    const std::string whole = heard(boundary, body, std::max<std::size_t>(body.size(), 1));
    COHORT_ASSERT(heard(boundary, body, 1) == whole);
    COHORT_ASSERT(heard(boundary, body, 3) == whole);

    // The same bytes as a Content-Type and as a head: no crash, and names that are safe are safe.
    if (const auto found = boundary_of(body))
        COHORT_ASSERT(!found->empty() && found->size() <= 70);
    static_cast<void>(parse_part_head(body));
    const std::string name = safe_file_name(body);
    COHORT_ASSERT(!name.empty() && name.size() <= 200 && name.front() != '.');
    COHORT_ASSERT(name.find_first_of("/\\\n\r") == std::string::npos);
    return 0;
}
