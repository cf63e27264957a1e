#include <cohort/http/tls/stream.hpp>

#include <cohort/http/detail/tls_test.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("new keys that the client asks for come with the next write, and stop no read")
{
    const pem_folder folder;
    auto made = tls::context::load(one_certificate(folder));
    REQUIRE(made);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd socket{ends[0]};
    const auto ours = (*made)->begin(socket.borrow(), {});
    tls_client theirs{ends[1], {.least = TLS1_3_VERSION}};
    CHECK(!ours->is_ready());
    CHECK(ours->shake_hands().what == transfer::outcome::readable);
    CHECK(!ours->met_client());
    while (!ours->is_ready() || !theirs.ready) {
        theirs.listen();
        if (!ours->is_ready())
            REQUIRE(ours->shake_hands().what != transfer::outcome::broken);
    }
    CHECK(ours->met_client());
    theirs.listen();

    const std::array<char, 4'096> junk{};
    while (::send(socket.borrow(), junk.data(), junk.size(), MSG_NOSIGNAL) > 0) {
    }
    REQUIRE(SSL_key_update(theirs.ssl.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
    theirs.say("behind it");
    std::array<char, 100> into{};
    const transfer got = ours->read(into);
    REQUIRE(got.done());
    CHECK(std::string_view{into.data(), got.bytes} == "behind it");
    CHECK(!ours->holds_bytes());
}
