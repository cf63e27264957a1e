#include <cohort/primary/door_tokens.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <string>

using namespace cohort;
using namespace cohort::primary;
namespace fs = std::filesystem;

TEST_CASE("tokens are where the settings say, else beside the socket; one is made if need be")
{
    std::string name = (fs::temp_directory_path() / "cohort-doors-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const fs::path here{name};
    const fs::path socket = here / "api.sock";
    config::admin said;

    const auto made = keep_tokens(said, socket);
    REQUIRE(made);
    CHECK(made->made);
    CHECK(made->order == here / "api.token");
    CHECK(fs::exists(made->order));
    CHECK(made->view == here / "api.view_token");
    CHECK_FALSE(fs::exists(made->view));

    said.token_file = (here / "order").string();
    said.view_token_file = (here / "view").string();
    const auto files = keep_tokens(said, socket);
    REQUIRE(files);
    CHECK_FALSE(files->made);
    CHECK(files->order == here / "order");
    CHECK(files->view == here / "view");

    // What is said itself comes first.
    said.token = std::string{"0123456789abcdef"};
    said.view_token = std::string{"fedcba9876543210"};
    const auto texts = keep_tokens(said, socket);
    REQUIRE(texts);
    CHECK(texts->order.empty());
    CHECK(texts->view.empty());

    CHECK_FALSE(keep_tokens({}, here / "no" / "such.sock"));
    fs::remove_all(here);
}
