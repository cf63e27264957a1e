#include <cohort/http/tls/alpn.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http::tls {

namespace {

using namespace std::literals;

int offer_index() noexcept
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

void offer(SSL* on, context::protocols spoken) noexcept
{
    const std::uintptr_t both = spoken == context::protocols::http1_and_2 ? 1 : 0;
    SSL_set_ex_data(on, offer_index(), reinterpret_cast<void*>(both));
}

int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void*) noexcept
{
    const bool both = SSL_get_ex_data(ssl, offer_index()) != nullptr;
    const std::string_view ours = both ? "\x02h2\x08http/1.1"sv : "\x08http/1.1"sv;
    unsigned char* chosen = nullptr;
    const int said = SSL_select_next_proto(&chosen, out_length,
                                           reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned>(ours.size()), in, in_length);
    *out = chosen;
    return said == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace cohort::http::tls
