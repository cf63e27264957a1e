// Whatever is accepted can be written as one line, and read again as the same words.

#include <cohort/control/protocol.hpp>

#include <cohort/base/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

using namespace cohort;

namespace {

std::string_view one_line(const std::string& text)
{
    COHORT_ASSERT(text.find('\n') == text.size() - 1);
    return {text.data(), text.size() - 1};
}

/// Boost.JSON reads some numbers one bit off: data are compared by their keys only.
void same(const control::word& one, const control::word& other)
{
    COHORT_ASSERT(one.index() == other.index());
    if (const auto* const answered = std::get_if<control::answer>(&one)) {
        const auto& again = std::get<control::answer>(other);
        COHORT_ASSERT(answered->code == again.code && answered->reason == again.reason &&
                      answered->data.size() == again.data.size());
    } else {
        COHORT_ASSERT(std::get<control::progress>(one).text ==
                      std::get<control::progress>(other).text);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view line{reinterpret_cast<const char*>(data), size};
    if (const auto asked = control::decode_request(line)) {
        const std::string again = control::encode(*asked);
        const auto twice = control::decode_request(one_line(again));
        COHORT_ASSERT(twice && twice->verb == asked->verb && twice->slot == asked->slot &&
                      twice->budget == asked->budget &&
                      twice->arguments.size() == asked->arguments.size());
    }
    if (const auto said = control::decode_word(line)) {
        const auto write = [](const auto& each) { return control::encode(each); };
        const std::string again = std::visit(write, *said);
        const auto twice = control::decode_word(one_line(again));
        COHORT_ASSERT(twice);
        same(*said, *twice);
    }
    return 0;
}
