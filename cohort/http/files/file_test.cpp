#include <cohort/http/files/file.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/files/detail/site_test.hpp>
#include <cohort/http/files/static_files.hpp>
#include <cohort/http/problem.hpp>

#include <boost/asio/co_spawn.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <string>

using namespace cohort;
using namespace cohort::http::detail;

namespace {

class kept_text final : public http::body_writer {
public:
    awaitable<result<>> write(std::string_view piece) override
    {
        text += piece;
        co_return result<>{};
    }
    std::string text;
};

/// What a resume handler writes to go on with an answer to `asked`; nothing if it gives up.
std::optional<std::string> resumed(const http::resume_handler& call, http::request& asked,
                                   http::resume_point from)
{
    boost::asio::io_context loop;
    kept_text out;
    bool gave_up = false;
    boost::asio::co_spawn(loop, call(asked, from, out),
                          [&gave_up](std::exception_ptr why) { gave_up = why != nullptr; });
    loop.run();
    if (gave_up)
        return std::nullopt;
    return out.text;
}

}  // namespace

TEST_CASE("one file is answered with all that static files have, and a missing one is a 404")
{
    site s;
    s.files.write("report", "0123456789");
    const std::string path = s.files / "report";
    s.h.api.get("/report", [path](const http::request& request) -> task<http::response> {
        const http::file_options options{.content_type = "application/pdf"};
        auto answer = co_await http::file(request, path, options);
        answer.header("Content-Disposition", http::attachment("Bericht März.pdf"));
        co_return answer;
    });
    s.h.api.get("/none", [path](const http::request& request) -> task<http::response> {
        co_return co_await http::file(request, path + "/none");
    });
    const site_answer whole = s.get("/report");
    CHECK(whole.body == "0123456789");
    CHECK(whole.field("Content-Type") == "application/pdf");
    CHECK(whole.field("Content-Disposition") ==
          "attachment; filename=\"Bericht M__rz.pdf\"; filename*=UTF-8''Bericht%20M%C3%A4rz.pdf");
    CHECK(whole.field("Vary").empty());
    CHECK(s.get("/report", "Range: bytes=3-4\r\n").body == "34");
    CHECK(s.get("/none").status() == "404");
}

TEST_CASE("a name for a download cannot leave its quotes")
{
    CHECK(http::attachment("a.txt") == "attachment; filename=\"a.txt\"");
    CHECK(http::attachment("../a\"b\r\n.txt") ==
          "attachment; filename=\"a_b??.txt\"; filename*=UTF-8''a%22b%3F%3F.txt");
    CHECK(http::attachment("") == "attachment; filename=\"file\"");
}

TEST_CASE("an answer goes on at any byte in another process, if the file is still the same")
{
    site s;
    std::string content;
    for (int i = 0; i < 20'000; ++i)
        content += fmt::format("{:07}\n", i);
    s.files.write("f", content);
    const http::static_files lately{s.files.path()};
    const http::static_files served{s.files.path(), {.settled_after = nanoseconds{0}}};
    served.serve(s.h.api, "/{path...}");

    for (const std::string range :
         {"", "Range: bytes=100-150000\r\n", "Range: bytes=150000-150009,0-9,100000-140000\r\n"})
    {
        const std::string body = s.get("/f", range).body;
        parsed asked{"GET /f", range};
        static_cast<void>(s.h.api.plan_for(asked.of));
        for (std::uint64_t at : {0UL, 1UL, 60UL, 4321UL, body.size() - 1, body.size()}) {
            at = std::min(at, body.size());
            CAPTURE(at);
            const auto rest =
                resumed(served.resume(), asked.of, {.offset = at, .length = body.size()});
            REQUIRE(rest.has_value());
            CHECK((*rest == body.substr(at)));
        }
        CHECK_FALSE(resumed(served.resume(), asked.of, {.offset = 0, .length = body.size() + 1}));
        CHECK_FALSE(resumed(served.resume(), asked.of, {.offset = 0}));
        CHECK_FALSE(resumed(lately.resume(), asked.of, {.offset = 0, .length = body.size()}));
    }
}
