#pragma once

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/root.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <utility>

namespace cohort::process::kit {

/// A root in a process of its own; its exit is run_root's.
inline child start_root(std::move_only_function<int(reign) noexcept> life,
                        std::move_only_function<void() noexcept> renew = {},
                        reign begins = reign::first)
{
    birth how;
    how.title = "cohort: root under test";
    // What is open here may be used by the primaries.
    for (int fd = 3; fd < 64; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1)
            how.keep.push_back(fd);
    }
    auto born = process::clone(kit::permit(), how, [&]() noexcept {
        root_plan plan;
        plan.primary_title = "cohort: primary under test";
        plan.life = std::move(life);
        plan.renew = std::move(renew);
        plan.begins = begins;
        auto asked = fork_permit::ask();
        const auto code = run_root(std::move(*asked), std::move(plan));
        ::_exit(code ? *code : 99);
    });
    REQUIRE(born);
    return std::move(*born);
}

}  // namespace cohort::process::kit
