#include <cohort/crypto/key_ring.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/sha256.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace cohort::crypto {

namespace {

constexpr std::size_t file_bytes_max = 65'536;
constexpr std::size_t key_bytes = 32;

/// The whole file, or nothing of it.
result<secret> file_content(const std::string& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return failed("open key file", path);
    std::string bytes(file_bytes_max + 1, '\0');
    std::size_t count = 0;
    while (count < bytes.size()) {
        const auto got = ::read(file.borrow(), bytes.data() + count, bytes.size() - count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read key file", path);
        if (got == 0)
            break;
        count += static_cast<std::size_t>(got);
    }
    secret content{std::string_view{bytes}.substr(0, count)};
    wipe(bytes.data(), bytes.size());
    if (count > file_bytes_max)
        return failed(errc::too_large, "read key file", path);
    return content;
}

}  // namespace

digest purpose_keys::sign(std::string_view bytes) const
{
    return hmac_sha256(pairs_.front().signs.view(), bytes);
}

std::optional<std::size_t> purpose_keys::verify(std::string_view bytes, std::string_view code) const
{
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (constant_time_equal(hmac_sha256(pairs_[i].signs.view(), bytes).view(), code))
            return i;
    }
    return std::nullopt;
}

std::string purpose_keys::seal(const sealing& what) const
{
    return crypto::seal(pairs_.front().seals.view(), what);
}

std::optional<purpose_keys::opened> purpose_keys::open(std::string_view sealed,
                                                       std::string_view place) const
{
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (auto plain = crypto::open(pairs_[i].seals.view(), sealed, place))
            return opened{std::move(*plain), i};
    }
    return std::nullopt;
}

result<key_ring> key_ring::of(std::vector<secret> newest_first)
{
    if (newest_first.empty() || newest_first.size() > secrets_max)
        return failed(errc::bad_value, "make key ring", "it takes 1 to 16 secrets");
    for (auto each = newest_first.begin(); each != newest_first.end(); ++each) {
        if (each->view().size() < secret_bytes_min)
            return failed(errc::bad_value, "make key ring", "a secret has fewer than 32 bytes");
        const auto same = [each](const secret& other) {
            return constant_time_equal(each->view(), other.view());
        };
        if (std::any_of(newest_first.begin(), each, same))
            return failed(errc::bad_value, "make key ring", "a secret is there twice");
    }
    return key_ring{std::move(newest_first)};
}

result<key_ring> key_ring::parse(std::string_view lines)
{
    std::vector<secret> secrets;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        auto line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty())
            continue;
        COHORT_TRY(auto one, secret::parse(line));
        secrets.push_back(std::move(one));
    }
    return of(std::move(secrets));
}

result<key_ring> key_ring::from_file(const std::string& path)
{
    COHORT_TRY(const auto content, file_content(path));
    return parse(content.view());
}

key_ring key_ring::random()
{
    std::vector<secret> one;
    one.push_back(secret::random());
    return key_ring{std::move(one)};
}

purpose_keys key_ring::keys_for(std::string_view purpose) const
{
    purpose_keys out;
    out.pairs_.reserve(secrets_.size());
    for (const secret& each : secrets_) {
        std::string both =
            hkdf_sha256({.secret = each.view(), .salt = "cohort key ring 1", .purpose = purpose},
                        2 * key_bytes);
        const std::string_view keys = both;
        out.pairs_.push_back({secret{keys.substr(0, key_bytes)}, secret{keys.substr(key_bytes)}});
        wipe(both.data(), both.size());
    }
    return out;
}

}  // namespace cohort::crypto
