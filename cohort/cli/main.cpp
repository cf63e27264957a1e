#include <cohort/cli/console.hpp>
#include <cohort/cli/verb.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    // `cohort logs | head`: whoever started us may have this ignored, and we would never end.
    std::signal(SIGPIPE, SIG_DFL);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    cohort::cli::console out;
    const auto code = cohort::cli::run_command(words, out);
    out.conclude_json(static_cast<unsigned>(code));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        out.problem("the standard output did not take all of it");
        return static_cast<int>(std::max(code, cohort::cli::exit_code::refused));
    }
    return static_cast<int>(code);
}
