// cohort-primary: a cohort of any program. `cohort run` starts it for programs that were not built
// with the library:
//
//     cohort-primary --workers=4 --bind=8080 -- /usr/bin/python3 server.py

#include <cohort/app.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

int main(int argc, char** argv)
{
    const auto dashes = std::find_if(
        argv, argv + argc, [](const char* word) { return std::string_view{word} == "--"; });
    cohort::settings defaults;
    if (dashes + 1 < argv + argc) {
        defaults.exec = dashes[1];
        defaults.args.assign(dashes + 2, argv + argc);
    }
    auto chosen =
        cohort::settings::from(static_cast<int>(dashes - argv), argv, std::move(defaults));
    if (!chosen.instead && chosen.exec.empty())
        chosen.instead = cohort::settings::answer{
            1, "cohort-primary: which program? `-- program arguments`, or exec in the file\n"};
    cohort::cluster group{std::move(chosen)};
    // Every worker is the other program: this is never called.
    return group.run([](cohort::worker&) -> cohort::task<> { co_return; });
}
