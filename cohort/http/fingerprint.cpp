#include <cohort/http/fingerprint.hpp>

#include <cohort/base/random.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cohort::http {

namespace {

/// FNV-1a over eight bytes at a time, well mixed at the end. Lengths go in as well, so that
/// "ab" + "c" is not "a" + "bc".
class mixer {
public:
    void add(std::string_view bytes) noexcept
    {
        add(bytes.size());
        while (!bytes.empty()) {
            std::uint64_t word = 0;
            const std::size_t count = std::min(bytes.size(), sizeof word);
            std::memcpy(&word, bytes.data(), count);
            add(word);
            bytes.remove_prefix(count);
        }
    }
    void add(std::uint64_t word) noexcept
    {
        state_ = (state_ ^ word) * 0x9e37'79b9'7f4a'7c15U;
        state_ ^= state_ >> 32;
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return mix(state_); }

private:
    std::uint64_t state_ = 0xcbf2'9ce4'8422'2325U;
};

}  // namespace

std::uint64_t fingerprint(const request& of) noexcept
{
    mixer all;
    all.add(of.method_text());
    all.add(of.pattern());
    all.add(of.target());
    all.add(of.body().substr(0, fingerprint_body_bytes));
    all.add(of.body().size());
    const std::uint64_t value = all.value();
    return value != 0 ? value : 1;
}

}  // namespace cohort::http
