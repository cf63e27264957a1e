// Handshakes that fail are counted by their reason, and told of.
#include <cohort/http/detail/tls_test.hpp>

#include <cohort/net/socket_option.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

struct failures {
    std::vector<std::string> rules;
    std::string words;
    std::size_t told = 0;
};

/// A house that notes what it is told.
struct failing_house : failures, tls_house {
    explicit failing_house(const tls::options& how)
        : tls_house{how}
    {
        options.on_refused = [this](const refusal_entry& e) noexcept {
            rules.emplace_back(e.why->rule);
            words = e.why->words;
        };
        add_hello(api);
    }
    /// The rule of the next failure, without its beginning.
    std::string next()
    {
        until([&] { return rules.size() > told; });
        REQUIRE(rules.size() == ++told);
        CHECK(serving->handshakes().failed == told);
        const std::string_view rule = rules.back();
        const auto counted = std::ranges::find(serving->refusals(), rule, &refusal_count::rule);
        REQUIRE(counted != serving->refusals().end());
        CHECK(counted->times ==
              static_cast<std::uint64_t>(std::ranges::count(rules, std::string{rule})));
        REQUIRE(rule.starts_with("tls.handshake."));
        CHECK(!words.empty());
        return std::string{rule.substr(std::string_view{"tls.handshake."}.size())};
    }
};

}  // namespace

TEST_CASE("handshakes that fail are counted by their reason")
{
    const pem_folder folder;
    failing_house h{one_certificate(folder)};
    {
        const auto old = h.connect_tls({.least = TLS1_1_VERSION, .most = TLS1_1_VERSION});
        CHECK(h.next() == "version");
    }
    {
        const auto odd = h.connect_tls({.protocols = "\x03"
                                                     "ftp"});
        CHECK(h.next() == "protocols");
    }
    {
        client plain{h.call()};
        plain.say(get("/"));
        CHECK(h.next() == "plain-http");
        CHECK(h.words == "http request");  // OpenSSL's
    }
    {
        client noise{h.call()};
        noise.say(std::string(300, '\xff'));
        CHECK(h.next() == "no-tls");
    }
    {
        client c{h.call()};
        c.socket.reset();
        CHECK(h.next() == "nothing-said");
    }
    {
        // Nor does the end of its side alone say anything.
        client c{h.call()};
        REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0);
        CHECK(h.next() == "nothing-said");
    }
    {
        client c{h.call()};
        c.say("\x16\x03\x01");
        h.quiet();
        c.socket.reset();
        CHECK(h.next() == "broken-off");
    }
    {
        client c{h.call()};
        c.say("\x16\x03\x01");
        h.quiet();
        h.later(11s);
        CHECK(h.next() == "too-slow");
    }
    CHECK(h.serving->handshakes().done == 0);
}

TEST_CASE("a client that resets its connection in the middle of a handshake is counted")
{
    const pem_folder folder;
    failing_house h{one_certificate(folder)};
    h.open();
    for (const bool speaks : {true, false}) {
        auto [c, inside] = h.call_tcp();
        REQUIRE(h.serving->take_tls(std::move(inside)));
        if (speaks)
            c.say("\x16\x03\x01");
        h.quiet();
        net::reset_when_closed(c.socket.borrow());
        c.socket.reset();
        CHECK(h.next() == (speaks ? "broken-off" : "nothing-said"));
    }
}

TEST_CASE("clients without a certificate, with a bad one, and those that refuse ours")
{
    const pem_folder folder;
    tls::options how = one_certificate(folder);
    const identity authority = make_identity({.name = "ca", .authority = true});
    const identity stranger = make_identity({"stranger"});
    how.client_ca = folder.put("ca", authority).certificate;
    how.client = tls::client_check::required;
    failing_house h{how};
    const auto none = h.connect_tls();
    CHECK(h.next() == "no-client-certificate");
    const auto bad = h.connect_tls({.shows = &stranger});
    CHECK(h.next() == "client-certificate");

    failing_house open{one_certificate(folder)};
    auto strict = std::make_unique<tls_client>(open.call(), client_options{});
    SSL_set_verify(strict->ssl.get(), SSL_VERIFY_PEER, nullptr);
    open.hear_end_tls(*strict);
    CHECK(open.next() == "refused-by-client");
    CHECK(open.words.find("alert unknown ca") != std::string::npos);
}

TEST_CASE("a server tells how long its certificates are good")
{
    const pem_folder folder;
    house plain;
    plain.open();
    CHECK(plain.serving->certificates().empty());
    tls_house h{one_certificate(folder)};
    h.open();
    REQUIRE(h.serving->certificates().size() == 1);
    CHECK(h.serving->certificates()[0].file == folder.file("one.pem"));
}
