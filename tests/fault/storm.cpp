#include "storm.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/testing/witness_api.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace cohort::test {

using namespace std::chrono_literals;
using testing::eventually;
using testing::title_of;

namespace {

template <class T>
T from_environment(const char* name, T otherwise)
{
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : parse_integer<T>(text).value_or(otherwise);
}

std::string_view title_begins(part which)
{
    switch (which) {
        case part::primary:
            return "cohort: primary";
        case part::keeper:
            return "cohort: keeper";
        case part::worker:
            return "cohort: worker";
        case part::standby:
            return "cohort: standby";
    }
    return "?";
}

/// By its descriptor, if it still is the one that was meant.
bool strike_one(pid_t pid, std::string_view title, int number)
{
    const unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process.valid() || !title_of(pid).starts_with(title))
        return false;
    const auto at = std::chrono::duration_cast<milliseconds>(now().time_since_epoch());
    std::printf("%lld ms: signal %d to %d, %s\n", static_cast<long long>(at.count()), number, pid,
                title_of(pid).c_str());
    return ::syscall(SYS_pidfd_send_signal, process.borrow(), number, nullptr, 0) == 0;
}

std::uint64_t proportional_bytes(pid_t pid)
{
    std::ifstream file{fmt::format("/proc/{}/smaps_rollup", pid)};
    for (std::string word; file >> word;) {
        std::uint64_t kilobytes = 0;
        if (word == "Pss:" && file >> kilobytes)
            return kilobytes * 1024;
    }
    return 0;
}

std::size_t entries(const std::filesystem::path& folder)
{
    std::error_code gone;
    const std::filesystem::directory_iterator all{folder, gone};
    return gone ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

storm_terms storm_terms::read(double seconds_by_default, unsigned deaths_by_default)
{
    const auto by_default = static_cast<std::uint64_t>(seconds_by_default * 1000);
    const auto wanted = from_environment<std::uint64_t>("COHORT_STORM_SECONDS", 0);
    const storm_terms terms{
        .seed = from_environment<std::uint64_t>("COHORT_STORM_SEED", 1),
        .lasting = milliseconds{wanted != 0 ? wanted * 1000 : by_default},
        .deaths = from_environment<unsigned>("COHORT_STORM_DEATHS", deaths_by_default)};
    std::printf("COHORT_STORM_SEED=%llu\n", static_cast<unsigned long long>(terms.seed));
    return terms;
}

unsigned how_often(const char* variable, unsigned by_default)
{
    return from_environment(variable, by_default);
}

std::vector<pid_t> family_of(pid_t root)
{
    std::vector<pid_t> found;
    if (testing::is_alive(root))
        found.push_back(root);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto more = testing::children_of(found[i]);
        found.insert(found.end(), more.begin(), more.end());
    }
    std::ranges::sort(found);
    return found;
}

storm_server::storm_server(const storm_plan& plan)
    : workers_{plan.workers}, program_{prepare(plan)}
{
    const auto lines = program_.wait_for_all("listening on port", plan.workers);
    where_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value();
    if (!eventually([this] { return is_complete(); }))
        throw failure{fault(errc::deadline_passed, "wait for the standbys of the storm server")};
}

testing::launch storm_server::prepare(const storm_plan& plan) const
{
    const auto path = folder_.path() / "cohort.toml";
    std::ofstream{path} << fmt::format(
        "[app.storm]\nlisten = [\"127.0.0.1:0\"]\nworkers = {}\nkeepers = true\n{}\n", plan.workers,
        plan.file);
    std::filesystem::create_directory(folder_.path() / "tmp");
    testing::launch how;
    how.exec = STORM_SERVER;
    how.args = {"--config", path.string(), "--name", "storm"};
    how.env = plan.env;
    how.env.push_back("TMPDIR=" + (folder_.path() / "tmp").string());
    how.cwd = folder_.path().string();  // for core dumps
    return how;
}

storm_server::~storm_server()
{
    try {
        (void)stop();
    } catch (const failure& why) {
        std::fprintf(stderr, "storm server: %s\n", why.what());
    }
}

std::vector<std::string> storm_server::stop()
{
    const std::vector<pid_t> whole = all();
    std::vector<std::string> left;
    try {
        const process::exit_reason end = program_.stop();
        if (!end.success())
            left.push_back(end.words());
    } catch (const failure& why) {
        left.emplace_back(why.what());
    }
    (void)eventually([&] { return std::ranges::none_of(whole, testing::is_alive); }, 2s);
    for (const pid_t each : whole) {
        const std::string title = title_of(each);
        if (title.starts_with("cohort: ") && strike_one(each, title, SIGKILL))
            left.push_back(title);
    }
    return left;
}

std::vector<pid_t> storm_server::all() const { return family_of(program_.pid()); }

std::vector<pid_t> storm_server::all(part which) const
{
    std::vector<pid_t> found = all();
    std::erase_if(found,
                  [&](pid_t pid) { return !title_of(pid).starts_with(title_begins(which)); });
    return found;
}

bool storm_server::is_complete() const
{
    return all(part::keeper).size() == workers_ && all(part::worker).size() == workers_ &&
           all(part::standby).size() == workers_;
}

bool storm_server::strike(part whom, int number, std::uint64_t dice) const
{
    const auto there = all(whom);
    return !there.empty() && strike_one(there[dice % there.size()], title_begins(whom), number);
}

std::size_t storm_server::said(std::string_view part_of_line)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(program_.lines(), [&](const std::string& line) {
            return line.find(part_of_line) != std::string::npos;
        }));
}

testing::witness_plan load(const storm_server& on, const storm_terms& terms)
{
    testing::witness_plan plan;
    plan.server = on.where();
    plan.duration = terms.lasting;
    plan.asks.seed = terms.seed;
    plan.asks.mix = testing::witness_mix::everything();
    const net::endpoint server = plan.server;
    plan.counts = [server] { return testing::ask_witness_counts(server); };
    return plan;
}

unsigned storm(testing::witness& load, nanoseconds pause, storm_server& over,
               const std::function<bool(std::uint64_t dice)>& deed, std::uint64_t seed)
{
    random_source dice{seed};
    unsigned times = 0;
    steady_time due = now() + 500ms;
    const auto began = std::chrono::duration_cast<milliseconds>(now().time_since_epoch());
    std::printf("%lld ms: the storm begins\n", static_cast<long long>(began.count()));
    while (load.run_for(std::max<nanoseconds>(due - now(), 1ms))) {
        (void)over.program().lines();  // nobody is to wait for a reader of the log
        if (now() < due)
            continue;
        load.mark(now());
        if (deed(dice.next()))
            ++times;
        due = now() + pause;
    }
    return times;
}

bool holdings::no_more_than(const holdings& before) const
{
    constexpr std::uint64_t mebibyte = 1U << 20;
    for (const auto& [when, of] : {std::pair{"before", &before}, std::pair{"after", this}})
        std::printf("%-8s %zu processes, %zu descriptors, %zu files, %.1f MiB, primary %.1f MiB\n",
                    when, of->processes, of->descriptors, of->files,
                    static_cast<double>(of->bytes) / mebibyte,
                    static_cast<double>(of->primary_bytes) / mebibyte);
    return processes <= before.processes && descriptors <= before.descriptors &&
           files <= before.files && bytes <= before.bytes + before.bytes / 4 + 4 * mebibyte &&
           // Its chronicle fills up: 1,024 events of about a kilobyte.
           primary_bytes <= before.primary_bytes + 2 * mebibyte;
}

holdings count(pid_t root, const std::filesystem::path& temporary)
{
    holdings sum;
    for (const pid_t each : family_of(root)) {
        const std::uint64_t bytes = proportional_bytes(each);
        ++sum.processes;
        sum.descriptors += entries(fmt::format("/proc/{}/fd", each));
        sum.bytes += bytes;
        if (title_of(each).starts_with(title_begins(part::primary)))
            sum.primary_bytes += bytes;
    }
    sum.files = entries(temporary);
    return sum;
}

holdings count(const storm_server& of) { return count(of.root(), of.temporary_files()); }

holdings count_settled(pid_t root, const std::filesystem::path& temporary)
{
    holdings last = count(root, temporary);
    steady_time since = now();
    (void)eventually([&] {
        const holdings seen = count(root, temporary);
        if (!seen.same_count(last))
            since = now();
        last = seen;
        return now() - since > 500ms;
    });
    return last;
}

}  // namespace cohort::test
