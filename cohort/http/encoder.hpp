#pragma once

#include <cohort/base/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http {

/// Content codings of RFC 9110 section 8.4.1, RFC 7932 and RFC 8878.
enum class coding : std::uint8_t { gzip, br, zstd };

/// "gzip", "br" or "zstd".
[[nodiscard]] std::string_view name(coding of) noexcept;

/// Compresses a body piece by piece. A resource, of one thread.
///
/// Takes about 270 KB (gzip), 600 KB (zstd) or 1 MB (br) while it lives: bound how many there are.
class encoder {
public:
    /// Errors: errc::not_supported, the library has no memory for it.
    [[nodiscard]] static result<encoder> make(coding kind);

    encoder(encoder&&) noexcept;
    encoder& operator=(encoder&&) noexcept;
    ~encoder();

    /// Appends to `out` what comes of `piece`; some of it may wait for more.
    void add(std::string_view piece, std::string& out);

    /// The same, and all of it: the reader can decode everything up to here.
    void flush(std::string& out);

    /// The same, and the end. Nothing may be added afterwards.
    void finish(std::string& out);

    class engine;

private:
    explicit encoder(std::unique_ptr<engine> of) noexcept;
    std::unique_ptr<engine> engine_;
};

/// All of a body at once.
[[nodiscard]] result<std::string> encode(coding kind, std::string_view body);

}  // namespace cohort::http
