// What is agreed upon before the first request: certificates, protocols, tickets, who comes in.
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// Asks something, so that tickets have come too.
test_session ticket_of(tls_house& h, const client_options& how)
{
    const auto c = h.connect_tls(how);
    REQUIRE(c->ready);
    c->say(get("/"));
    h.hear_tls(*c, "Hello, world");
    REQUIRE(!c->tickets.empty());
    return std::move(c->tickets.back());
}

bool resumes(tls_house& h, SSL_SESSION* with, client_options how)
{
    how.resumes = with;
    const auto c = h.connect_tls(how);
    REQUIRE(c->ready);
    c->say(get("/"));
    h.hear_tls(*c, "Hello, world");
    return c->resumed();
}

constexpr std::array<int, 2> versions{TLS1_3_VERSION, TLS1_2_VERSION};

}  // namespace

TEST_CASE("a client gets the certificate of the host it names, wildcards included")
{
    const pem_folder folder;
    tls::options how = one_certificate(folder);
    how.certificates.push_back(
        folder.put("two", make_identity({"two.test", "DNS:two.test,DNS:*.wild.test"})));
    tls_house h{how};
    add_hello(h.api);
    CHECK(h.connect_tls({.server_name = "two.test"})->peer_name() == "two.test");
    CHECK(h.connect_tls({.server_name = "a.wild.test"})->peer_name() == "two.test");
    CHECK(h.connect_tls({.server_name = "a.b.wild.test"})->peer_name() == "one.test");
    CHECK(h.connect_tls({.server_name = "one.test"})->peer_name() == "one.test");
    CHECK(h.connect_tls({.server_name = "who.test"})->peer_name() == "one.test");
    CHECK(h.connect_tls()->peer_name() == "one.test");
}

TEST_CASE("ALPN chooses HTTP/2 if somebody speaks it here, and refuses what nobody does")
{
    using namespace std::literals;
    const std::string both = "\x02h2\x08http/1.1";
    const pem_folder folder;
    {
        tls_house h{one_certificate(folder)};
        add_hello(h.api);
        const auto c = h.connect_tls({.protocols = both});
        c->say(get("/"));
        h.hear_tls(*c, "Hello, world");
        CHECK(h.connect_tls({.protocols = "\x02h2"})->broken);
        CHECK(h.connect_tls({.protocols = "\x03"
                                          "ftp"})
                  ->broken);
    }
    std::vector<taken_connection> taken;
    server_options own;
    own.on_http2 = [&](taken_connection c) noexcept { taken.push_back(std::move(c)); };
    tls_house h{one_certificate(folder), std::move(own)};
    add_hello(h.api);
    const auto c = h.connect_tls({.protocols = both});
    h.until([&] { return taken.size() == 1; });
    CHECK(taken[0].unread.empty());
    REQUIRE(taken[0].tls != nullptr);
    CHECK(taken[0].tls->protocol() == "h2");
    c->say("frames");
    std::array<char, 100> bytes;
    transfer got;
    h.until([&] { return (got = taken[0].read(bytes)).done(); });
    CHECK(std::string_view{bytes.data(), got.bytes} == "frames");
    CHECK(taken[0].write("more frames").done());
    h.hear_tls(*c, "more frames");
    CHECK(h.serving->connections() == 1);
    taken.clear();
    CHECK(h.serving->connections() == 0);
    const auto old = h.connect_tls({.protocols = "\x08http/1.1"});
    old->say(get("/"));
    h.hear_tls(*old, "Hello, world");
}

TEST_CASE("a session is resumed by another server with the same secret, and by no other")
{
    const pem_folder folder;
    tls::options how = one_certificate(folder);
    how.clock = &test_clock;
    how.tickets = tls::ticket_secret::make(steady_time{});  // an hour ago
    for (const int version : versions) {
        CAPTURE(version);
        const client_options as{.least = version, .most = version};
        test_session session;
        {
            tls_house one{how};
            add_hello(one.api);
            session = ticket_of(one, as);
            CHECK(one.serving->handshakes().resumed == 0);
        }
        tls_house two{how};
        add_hello(two.api);
        CHECK(resumes(two, session.get(), as));
        CHECK(two.serving->handshakes().resumed == 1);
        tls::options other = how;
        other.tickets = {};
        tls_house three{other};
        add_hello(three.api);
        CHECK(!resumes(three, session.get(), as));
    }
}

TEST_CASE("ticket keys change every hour, and tickets of the two hours before are good")
{
    const pem_folder folder;
    tls::options how = one_certificate(folder);
    how.clock = &test_clock;
    for (const int version : versions) {
        CAPTURE(version);
        const client_options as{.least = version, .most = version};
        clock_now = steady_time{} + 1h;
        how.tickets = tls::ticket_secret::make(clock_now);
        tls_house h{how};
        add_hello(h.api);
        const test_session first = ticket_of(h, as);
        clock_now += 2h;
        CHECK(resumes(h, first.get(), as));
        const test_session second = ticket_of(h, as);
        clock_now += 1h;
        CHECK(!resumes(h, first.get(), as));
        CHECK(resumes(h, second.get(), as));
    }
}

TEST_CASE("clients show who they are: whoever must, whoever may, and nobody else's word counts")
{
    const pem_folder folder;
    const identity authority = make_identity({.name = "ca", .authority = true});
    const identity ada = make_identity({"ada", "email:ada@one.test"}, &authority);
    const identity stale =
        make_identity({.name = "stale", .from = -7200, .until = -3600}, &authority);
    const identity stranger = make_identity({"stranger"});
    tls::options how = one_certificate(folder);
    how.client_ca = folder.put("ca", authority).certificate;
    how.client = tls::client_check::required;
    for (const int version : versions) {
        CAPTURE(version);
        const auto come = [&](tls_house& h, const identity* as) {
            auto c = h.connect_tls({.least = version, .most = version, .shows = as});
            if (!c->ended())
                c->say(get("/facts"));
            h.until([&] {
                c->listen();
                return c->ended() || c->has("TLSv1");
            });
            return c->heard.substr(std::min(c->heard.find("TLSv1"), c->heard.size()));
        };
        const std::string before = version == TLS1_3_VERSION ? "TLSv1.3  " : "TLSv1.2  ";
        {
            tls_house h{how};
            add_facts(h.api);
            CHECK(come(h, &ada) == before + "CN=ada");
            CHECK(come(h, nullptr).empty());
            CHECK(come(h, &stale).empty());
            CHECK(come(h, &stranger).empty());
            CHECK(h.serving->requests() == 1);
            CHECK(h.serving->handshakes().failed == 3);
        }
        tls::options may = how;
        may.client = tls::client_check::optional;
        tls_house h{may};
        add_facts(h.api);
        h.api.get("/me", [](const request& r) {
            const auto* secured = r.attached<tls::secured>();  // null: a plain endpoint
            if (secured == nullptr || !(*secured)->client)
                throw refusal{401};
            return text((*secured)->client->subject);
        });
        CHECK(come(h, &ada) == before + "CN=ada");
        CHECK(come(h, nullptr) == before + "nobody");
        CHECK(come(h, &stranger).empty());
        const auto nobody = h.connect_tls({.least = version, .most = version});
        nobody->say(get("/me"));
        h.hear_tls(*nobody, "401 Unauthorized");
    }
}

TEST_CASE("a resumed session says who the client is, and is not taken by other rules")
{
    const pem_folder folder;
    const identity authority = make_identity({.name = "ca", .authority = true});
    const identity other = make_identity({.name = "other", .authority = true});
    const identity ada = make_identity({"ada", "email:ada@one.test"}, &authority);
    tls::options how = one_certificate(folder);
    how.client_ca = folder.put("ca", authority).certificate;
    how.client = tls::client_check::optional;
    how.clock = &test_clock;
    how.tickets = tls::ticket_secret::make(clock_now);
    const client_options as{.shows = &ada};
    test_session session;
    {
        tls_house h{how};
        add_hello(h.api);
        h.api.get("/who", [](const request& r) {
            const tls::facts& f = *r.attached<tls::secured>()->by;
            return text((f.resumed ? "again " : "new ") + f.client->names.at(0) + ' ' +
                        std::to_string(f.client->fingerprint.size()));
        });
        session = ticket_of(h, as);
        client_options again = as;
        again.resumes = session.get();
        const auto c = h.connect_tls(again);
        c->say(get("/who"));
        h.hear_tls(*c, "again ada@one.test 64");
    }
    how.client_ca = folder.put("other", other).certificate;
    tls_house h{how};
    add_hello(h.api);
    client_options again = as;
    again.resumes = session.get();
    const auto c = h.connect_tls(again);
    h.hear_end_tls(*c);
    CHECK(c->broken);
}

TEST_CASE("certificates are read again under open connections")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    const auto old = h.connect_tls();
    CHECK(old->peer_name() == "one.test");
    static_cast<void>(folder.put("one", make_identity({"renewed", "DNS:one.test"})));
    REQUIRE(h.context->reload());
    CHECK(h.connect_tls()->peer_name() == "renewed");
    old->say(get("/"));
    h.hear_tls(*old, "Hello, world");
    // A session of before goes on with the new certificate.
    const test_session session = std::move(old->tickets.back());
    CHECK(resumes(h, session.get(), {}));
}

TEST_CASE("the server looks once a minute whether the files have changed, and survives bad ones")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    // Files are read beside the loop.
    const auto later = [&h](seconds by) {
        h.later(by);
        h.until([&h] { return lanes::of(h.loop).busy() == 0; });
        h.quiet();
    };
    CHECK(h.connect_tls()->peer_name() == "one.test");
    static_cast<void>(folder.put("one", make_identity({"renewed", "DNS:one.test"})));
    later(30s);
    CHECK(h.connect_tls()->peer_name() == "one.test");
    later(31s);
    CHECK(h.connect_tls()->peer_name() == "renewed");
    pem_folder::write(folder.file("one.pem"), [](FILE* f) { std::fputs("no more", f); });
    later(61s);
    CHECK(h.connect_tls()->peer_name() == "renewed");
    static_cast<void>(folder.put("one", make_identity({"well again", "DNS:one.test"})));
    later(61s);
    CHECK(h.connect_tls()->peer_name() == "well again");
}

TEST_CASE("what was read beside the loop counts only if nobody has read since, and somebody waits")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    const auto wait = [&h] {
        h.until([&h] { return lanes::of(h.loop).busy() == 0; });
        h.quiet();
    };
    static_cast<void>(folder.put("one", make_identity({"first", "DNS:one.test"})));
    h.context->look_at_files(h.loop);
    h.context->look_at_files(h.loop);  // one errand at a time
    while (lanes::of(h.loop).busy() != 0) {
    }
    static_cast<void>(folder.put("one", make_identity({"second", "DNS:one.test"})));
    REQUIRE(h.context->reload());
    wait();
    CHECK(h.connect_tls()->peer_name() == "second");

    auto gone = tls::context::load(one_certificate(folder));
    REQUIRE(gone);
    static_cast<void>(folder.put("one", make_identity({"third", "DNS:one.test"})));
    (*gone)->look_at_files(h.loop);
    gone->reset();
    wait();
}
