#include <cohort/http/tls/pem.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace cohort::http::tls {

namespace {

constexpr std::size_t file_bytes_max = 1U << 20;

using text_bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

text_bio bio_of(const std::string& text)
{
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

/// OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void* asked)
{
    *static_cast<bool*>(asked) = true;
    return -1;
}

}  // namespace

result<std::string> read_pem(const std::string& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!file.valid())
        return std::unexpected(fault{last_errno(), "read the PEM file", path});
    std::string all;
    std::array<char, 16'384> some;
    for (;;) {
        const ssize_t got = ::read(file.borrow(), some.data(), some.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return std::unexpected(fault{last_errno(), "read the PEM file", path});
        if (got == 0)
            return all;
        all.append(some.data(), static_cast<std::size_t>(got));
        if (all.size() > file_bytes_max)
            return failed(errc::too_large, "read the PEM file", path);
    }
}

result<std::vector<certificate>> read_certificates(const std::string& path)
{
    COHORT_TRY(const std::string text, read_pem(path));
    const text_bio bio = bio_of(text);
    std::vector<certificate> all;
    while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        all.emplace_back(next);
    const bool over = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!over)
        return failed(errc::bad_value, "use the TLS certificate",
                      fmt::format("{} (certificate {} in it is damaged)", path, all.size() + 1));
    if (all.empty())
        return failed(errc::bad_value, "use the TLS certificate",
                      fmt::format("{} (there is no \"BEGIN CERTIFICATE\" in it: is it the key, or "
                                  "a file in DER?)",
                                  path));
    return all;
}

result<private_key> read_key(const std::string& path)
{
    COHORT_TRY(std::string text, read_pem(path));
    const text_bio bio = bio_of(text);
    bool asked = false;
    private_key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, &asked)};
    ERR_clear_error();
    OPENSSL_cleanse(text.data(), text.size());
    if (key)
        return key;
    return failed(errc::bad_value, "use the TLS key",
                  fmt::format("{} ({})", path,
                              asked ? "it wants a passphrase, and nobody is there to type it: "
                                      "`openssl pkey -in OLD -out NEW` takes it off"
                                    : "there is no private key in it that could be read"));
}

}  // namespace cohort::http::tls
