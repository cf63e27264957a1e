// HTTP/2 through TLS: chosen by ALPN.
#include <cohort/http/h2/service.hpp>

#include <cohort/http/detail/tls_test.hpp>
#include <cohort/http/h2/frames_test.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace cohort::http::h2::detail;

namespace {

struct h2_tls_house : tls_house {
    explicit h2_tls_house(const tls::options& how)
        : tls_house{how}
    {
        options.on_http2 = [this](taken_connection c) noexcept { two->take(std::move(c)); };
    }
    ~h2_tls_house()
    {
        stop();
        loop.restart();
        loop.poll();
        lanes::of(loop).stop();
        loop.poll();
        two.reset();
    }
    void open_both()
    {
        open();
        two = std::make_unique<h2::service>(loop);
    }
    void hear_frames(tls_client& from, ear& with, const std::function<bool()>& come)
    {
        until([&] {
            from.listen();
            with.hear(std::exchange(from.heard, {}));
            return come();
        });
    }
    std::unique_ptr<h2::service> two;
};

}  // namespace

TEST_CASE("a client that offers h2 gets it, and its requests know their TLS")
{
    const pem_folder folder;
    h2_tls_house h{one_certificate(folder)};
    add_facts(h.api);
    h.api.get("/long", [](const request&) { return text(std::string(1'000'000, 'l')); });
    h.api.post("/echo", [](const request& r) { return text(std::string{r.body()}); });
    h.open_both();
    const auto c = h.connect_tls({.server_name = "one.test", .protocols = "\x02h2\x08http/1.1"});
    REQUIRE(c->ready);
    ear heard;
    c->say(std::string{preface} + settings({{4, 4'000'000}}) + window(0, 4'000'000) +
           get(1, "/facts") + get(3, "/long") + heads(5, ask("POST", "/echo"), f_end_head));
    for (int i = 0; i < 10; ++i)
        c->say(data(5, std::string(10'000, 'e'), i == 9 ? f_end : f_none));
    h.hear_frames(*c, heard, [&] {
        return heard.answers[1].ended && heard.answers[3].ended && heard.answers[5].ended;
    });
    CHECK(heard.answers[1].body == "TLSv1.3 one.test nobody");
    CHECK(heard.answers[3].body.size() == 1'000'000);
    CHECK(heard.answers[5].body.size() == 100'000);
    CHECK(h.two->connections() == 1);
    h.stop();
    h.hear_end_tls(*c);
}

TEST_CASE("a client that closes an h2 connection through TLS is told goodbye")
{
    const pem_folder folder;
    h2_tls_house h{one_certificate(folder)};
    add_facts(h.api);
    h.open_both();
    const auto c = h.connect_tls({.protocols = "\x02h2"});
    ear heard;
    c->say(std::string{preface} + settings() + get(1, "/facts"));
    h.hear_frames(*c, heard, [&] { return heard.answers[1].ended; });
    c->say(frame(t_goaway, 0, 0, u32(0) + u32(0)));
    h.hear_end_tls(*c);
    CHECK(c->clean);
    c->socket.reset();
    h.until([&] { return h.two->connections() == 0; });
}
