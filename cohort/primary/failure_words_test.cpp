#include <cohort/primary/failure_words.hpp>

#include <doctest/doctest.h>

#include <cerrno>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("a sentence of our own is told as it is, and what the kernel said is told as well")
{
    CHECK(words_of({make_error_code(errc::answer_failed), "seat workers", "it ended: 3"}) ==
          "it ended: 3");
    const error_code none_left{EMFILE, boost::system::system_category()};
    CHECK(words_of({none_left, "open program", "/srv/api"}) ==
          "open program /srv/api: Too many open files");
    CHECK(words_of({make_error_code(errc::stopping), "seat workers"}).starts_with("seat workers"));
}
