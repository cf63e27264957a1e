#include "test_main.hpp"

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

namespace {

constexpr int skipped = 77;
bool something_is_shown = true;

}  // namespace

void cohort::testing::shows_nothing() noexcept { something_is_shown = false; }

int main(int argc, char** argv)
{
    const int failed = doctest::Context{argc, argv}.run();
    return failed == 0 && !something_is_shown ? skipped : failed;
}
