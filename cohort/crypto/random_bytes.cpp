#include <cohort/crypto/random_bytes.hpp>

#include <cohort/base/assert.hpp>

#include <cerrno>

#include <sys/random.h>

namespace cohort::crypto {

void fill_random(char* into, std::size_t count) noexcept
{
    while (count > 0) {
        const auto got = ::getrandom(into, count, 0);
        if (got < 0) {
            // A signal may interrupt long reads. No other reason is one to go on without secrets.
            COHORT_ASSERT(errno == EINTR);
            continue;
        }
        into += got;
        count -= static_cast<std::size_t>(got);
    }
}

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    fill_random(bytes.data(), count);
    return bytes;
}

}  // namespace cohort::crypto
