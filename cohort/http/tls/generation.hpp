#pragma once
// What a context has read from its files. For context.cpp.

#include <cohort/base/error.hpp>
#include <cohort/http/tls/certificate_life.hpp>
#include <cohort/http/tls/options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace cohort::http::tls {

class ticket_keys;

/// All certificates as of one reading. A resource that is shared: each connection keeps the one
/// with which it began.
struct generation {
    struct freed {
        void operator()(ssl_ctx_st* what) const noexcept;
    };
    using handle = std::unique_ptr<ssl_ctx_st, freed>;

    [[nodiscard]] static result<std::shared_ptr<const generation>>
    read(const options& wanted, std::shared_ptr<ticket_keys> tickets);

    std::vector<handle> contexts;  ///< One a certificate, in the order of the options.
    std::vector<std::string> warnings;
    std::vector<certificate_life> lives;  ///< One a certificate, in the order of the options.
    std::vector<std::uint64_t> stamps;    ///< Of the files, before they were read.
    std::shared_ptr<ticket_keys> tickets;
    steady_time (*clock)() noexcept = nullptr;
};

/// Something that changes when one of the files does.
[[nodiscard]] std::vector<std::uint64_t> stamps_of(const options& wanted);

}  // namespace cohort::http::tls
