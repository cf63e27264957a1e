#include <cohort/http/forms/form_data.hpp>

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/forms/read_form.hpp>
#include <cohort/http/forms/urlencoded.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace cohort;
using namespace cohort::http::detail;

namespace {

struct folder {
    folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~folder() { std::filesystem::remove_all(path); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    std::string path = "/tmp/cohort-test-XXXXXX";
};

std::string content(const std::string& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("fields are found by name, and a missing one is refused")
{
    std::vector<http::form_part> parts;
    for (const char* const name : {"a", "b", "a"}) {
        parts.emplace_back(http::part_head{.name = name});
        parts.back().memory() = std::to_string(parts.size());
    }
    const http::form_data form{std::move(parts)};
    CHECK(form.text("a") == "1");
    CHECK(form.text("b") == "2");
    CHECK(form.find_all("a").size() == 2);
    CHECK(form.find("c") == nullptr);
    CHECK_THROWS_AS(static_cast<void>(form.at("c")), http::refusal);
}

TEST_CASE("a spooled part is no text, and goes on growing in its file")
{
    const folder here;
    http::form_part part{http::part_head{.name = "file"}};
    part.memory() = "abc";
    REQUIRE(part.spool(here.path));
    part.memory() = "def";
    CHECK(part.size() == 6);
    REQUIRE(part.spool(here.path));
    CHECK(part.size() == 6);
    CHECK_FALSE(part.in_memory());
    CHECK_THROWS_AS(static_cast<void>(part.text()), http::refusal);
}

// The programs of docs/manual/forms.md.
TEST_CASE("uploads are saved under a name of the server's choice")
{
    const folder uploads;
    house h;
    h.api.post("/login", [](const http::request& request) {
        const auto form = http::form_of(request);
        return http::text("hello, " + std::string{form.at("user")});
    });
    h.api.post("/photos",
               [&](const http::request& request) -> task<http::response> {
                   const http::form_options options{.part_bytes_max = 20 << 20};
                   const auto form = co_await http::read_form(request, options);
                   const auto& photo = form.at("photo");
                   if (photo.content_type() != "image/jpeg")
                       throw http::refusal{415}.detail("a photo is a JPEG");

                   auto saved = co_await photo.save(uploads.path + "/42.jpg");
                   if (!saved)
                       throw http::refusal{409}.detail("there is one already");
                   co_return http::created("/photos/42", {{"title", form.text("title")}});
               },
               {.body = http::body_use::streamed, .body_max = 30 << 20});

    client c = h.connect();
    c.say("POST /login HTTP/1.1\r\nHost: t\r\nContent-Length: 14\r\n"
          "Content-Type: application/x-www-form-urlencoded\r\n\r\nuser=ada&pw=xy");
    h.hear(c, "hello, ada");

    const std::string photo(100'000, 'p');
    const std::string body = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nSea\r\n"
                             "--b\r\nContent-Disposition: form-data; name=\"photo\"; "
                             "filename=\"../sea.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n" +
                             photo + "\r\n--b--\r\n";
    const std::string asked = "POST /photos HTTP/1.1\r\nHost: t\r\nContent-Type: "
                              "multipart/form-data; boundary=b\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
    c.say(asked);
    h.hear(c, "201 Created");
    CHECK(content(uploads.path + "/42.jpg") == photo);
    c.say(asked);
    h.hear(c, "409 Conflict");
    CHECK(content(uploads.path + "/42.jpg") == photo);
}
