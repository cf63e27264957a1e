#include <cohort/base/assert.hpp>

#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace cohort::detail {

namespace {

void put(const char* words) noexcept
{
    // Nothing can be done about a failed write on the way to abort().
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words, std::strlen(words));
}

}  // namespace

void assertion_failed(const char* claim, const char* file, int line) noexcept
{
    char digits[16];
    char* at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = static_cast<char>('0' + line % 10);
        line /= 10;
    } while (line > 0 && at > digits);

    put("cohort: assertion failed: ");
    put(claim);
    put(" (");
    put(file);
    put(":");
    put(at);
    put(")\n");
    std::abort();
}

}  // namespace cohort::detail
