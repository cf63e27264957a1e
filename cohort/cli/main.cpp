#include <cohort/cli/console.hpp>
#include <cohort/cli/verb.hpp>

#include <csignal>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    // `cohort logs | head`: whoever started us may have this ignored, and we would never end.
    std::signal(SIGPIPE, SIG_DFL);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    cohort::cli::console out;
    const auto code = cohort::cli::run_command(words, out);
    out.flush();
    return static_cast<int>(code);
}
