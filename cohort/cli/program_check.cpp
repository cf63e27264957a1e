#include <cohort/cli/program_check.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/spawn.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <span>
#include <utility>

namespace cohort::cli {

namespace {

constexpr milliseconds check_takes_at_most = std::chrono::seconds{30};

}  // namespace

result<checked> check_program(const launch_record& what)
{
    process::program how;
    how.exec = what.program;
    how.args = {"--check"};
    how.args.insert(how.args.end(), what.args.begin(), what.args.end());
    how.env = process::environment_with({});
    how.cwd = what.folder;
    how.in = process::stdio::null();
    how.out = process::stdio::pipe();
    how.err = process::stdio::pipe();
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto child, process::spawn(std::move(permit), how));
    checked said;
    std::array ask{pollfd{.fd = child.pipes.out.borrow(), .events = POLLIN, .revents = 0},
                   pollfd{.fd = child.pipes.err.borrow(), .events = POLLIN, .revents = 0},
                   pollfd{.fd = child.pidfd().borrow(), .events = POLLIN, .revents = 0}};
    const steady_time until = now() + check_takes_at_most;
    for (bool ended = false; !ended;) {
        const auto left = std::chrono::ceil<milliseconds>(until - now());
        if (left <= milliseconds{0})
            return failed(errc::deadline_passed, "wait for", what.program + " --check");
        ::poll(ask.data(), ask.size(), static_cast<int>(left.count()));
        ended = ask[2].revents != 0;  // before what it wrote is read: nothing comes after
        for (pollfd& each : std::span{ask}.first(2)) {
            std::array<char, 4096> piece;
            ssize_t got = 0;
            while ((got = ::read(each.fd, piece.data(), piece.size())) > 0)
                said.words.append(piece.data(), static_cast<std::size_t>(got));
            if (got == 0)
                each.fd = -1;  // its end: poll leaves it out
        }
    }
    const auto end = child.wait();
    said.exit_code = end.code().value_or(-1);
    while (said.words.ends_with('\n'))
        said.words.pop_back();
    if (said.words.empty() && said.exit_code != 0)
        said.words = fmt::format("{} --check: {}", what.program, end.words());
    return said;
}

}  // namespace cohort::cli
