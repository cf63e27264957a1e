#pragma once
// For tests of the server: one that speaks TLS.

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/tls/context.hpp>
#include <cohort/http/tls/facts.hpp>
#include <cohort/http/tls/openssl_client_test.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http::detail {

inline tls::options one_certificate(const pem_folder& folder)
{
    tls::options how;
    how.certificates.push_back(folder.put("one", make_identity({"one.test", "DNS:one.test"})));
    return how;
}

/// A house whose server speaks TLS.
struct tls_house : house {
    explicit tls_house(const tls::options& how, server_options own = {})
        : house{std::move(own)}
    {
        auto made = tls::context::load(how);
        REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
        options.tls = context = *made;
    }
    /// The descriptor of the other end.
    int call(int buffer_bytes = 0)
    {
        if (!serving)
            open();
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        if (buffer_bytes != 0)
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        REQUIRE(serving->take_tls(unique_fd{ends[0]}));
        return ends[1];
    }
    std::unique_ptr<tls_client> connect_tls(const client_options& how = {}, int buffer_bytes = 0)
    {
        auto c = std::make_unique<tls_client>(call(buffer_bytes), how);
        until([&] {
            c->listen();
            return c->ready || c->ended();
        });
        return c;
    }
    void hear_tls(tls_client& from, std::string_view what)
    {
        until([&] {
            from.listen();
            return from.has(what);
        });
    }
    void hear_end_tls(tls_client& of)
    {
        until([&] {
            of.listen();
            return of.ended();
        });
    }

    std::shared_ptr<tls::context> context;
};

/// GET /facts: what a handler sees of its connection's TLS.
inline void add_facts(router& api)
{
    api.get("/facts", [](const request& r) {
        const auto* const secured = r.attached<tls::secured>();
        if (secured == nullptr)
            return text("plain");
        const tls::facts& f = *secured->by;
        return text(std::string{f.version} + ' ' + f.server_name + ' ' +
                    (f.client ? f.client->subject : "nobody"));
    });
}

}  // namespace cohort::http::detail
