// The log has no room any more: everybody goes on serving, and says what was lost when there is.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/testing/client.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;
using testing::eventually;

namespace {

constexpr const char* mounts_disk = "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\"";
constexpr const char* logs_to_disk =
    "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\" > \"$0/log\"";
constexpr const char* logs_to_full = "exec \"$@\" > \"$0\"";

/// The flag of unshare(1) that lets us mount a file system that nobody else sees; none: nothing
/// does here.
std::string mounting_flag(const std::string& folder)
{
    for (const std::string flag : {"-m", "-rm"}) {
        testing::running_program trial{
            {.exec = "/usr/bin/unshare",
             .args = {flag, "/bin/sh", "-c", mounts_disk, folder, "/bin/true"}}};
        if (trial.wait().success())
            return flag;
    }
    return {};
}

/// The edition program, with its log on a disk that is soon full.
class full_disk {
public:
    /// By its standard output, or by `log.to`, where files are put aside.
    enum class logs { to_output, to_files };

    /// With `flag` it has a disk of its own; without, it logs to /dev/full.
    explicit full_disk(const std::string& flag, logs how_it = logs::to_output)
    {
        const bool to_files = how_it == logs::to_files;
        std::filesystem::create_directory(inside());
        std::filesystem::copy_file(edition_program(), folder_.path() / "edition");
        std::ofstream{folder_.path() / "cohort.toml"}
            << fmt::format("[app.edition]\nlisten = [\"127.0.0.1:{}\"]\nworkers = 2\n"
                           "[app.edition.reload]\nsoak = \"100ms\"\nabort_if = [\"crash\"]\n{}",
                           port_,
                           to_files ? fmt::format("[log]\nto = \"file:{}/log\"\n"
                                                  "rotate = \"4K x 100\"\n",
                                                  inside().string())
                                    : std::string{});
        const std::vector<std::string> whole{(folder_.path() / "edition").string(), "--config",
                                             (folder_.path() / "cohort.toml").string(), "--name",
                                             "edition"};
        testing::launch how{.exec = "/bin/sh", .args = {"-c", logs_to_full, "/dev/full"}};
        if (!flag.empty())
            how = {.exec = "/usr/bin/unshare",
                   .args = {flag, "/bin/sh", "-c", to_files ? mounts_disk : logs_to_disk,
                            inside().string()}};
        how.args.insert(how.args.end(), whole.begin(), whole.end());
        program_ = std::make_unique<testing::running_program>(how);
        CHECK(eventually([this] { return processes("cohort: standby").size() == 2; }));
    }

    [[nodiscard]] testing::witness_plan load() const
    {
        testing::witness_plan what;
        what.server = net::endpoint::parse(fmt::format("127.0.0.1:{}", port_)).value();
        what.connections = 32;
        what.duration = 600s;
        what.asks.mix = testing::witness_mix::everything();
        return what;
    }

    [[nodiscard]] std::vector<pid_t> processes(std::string_view title) const
    {
        std::vector<pid_t> all = family_of(program_->pid());
        std::erase_if(all, [&](pid_t each) { return !testing::title_of(each).starts_with(title); });
        return all;
    }

    void kill_workers(unsigned times)
    {
        for (unsigned i = 0; i < times; ++i) {
            CHECK(eventually([this] { return processes("cohort: standby").size() == 2; }));
            const auto workers = processes("cohort: worker");
            REQUIRE(!workers.empty());
            ::kill(workers[i % workers.size()], SIGKILL);
            // No request may run into too many kills: it would be answered 500, and rightly.
            ::poll(nullptr, 0, 100);
        }
        CHECK(eventually([this] { return processes("cohort: worker").size() == 2; }));
    }

    void reload()
    {
        control::client asks{
            {.app = "edition",
             .socket = program_->runtime_folder() / control::socket_name("edition"),
             .opened_by = program_->pid()}};
        control::request what{"reload"};
        what.budget = std::chrono::duration_cast<milliseconds>(testing::patience);
        const auto said = asks.ask(what, control::client::manner::once);
        REQUIRE(said);
        CHECK_MESSAGE(said->code == exit_code::done, said->reason);
    }

    /// Takes all the room there is. The disk is in the program's own view of the file system.
    void fill() const
    {
        std::ofstream ballast{seen() / "ballast", std::ios::binary};
        while (ballast << std::string(512, 'x') && ballast.flush()) {
        }
    }
    void make_room() const { std::filesystem::remove(seen() / "ballast"); }

    [[nodiscard]] std::vector<std::string> log() const
    {
        std::vector<std::string> lines;
        for (const auto& each : std::filesystem::directory_iterator{seen()}) {
            std::ifstream file{each.path()};
            for (std::string line; each.path().stem() == "log" && std::getline(file, line);)
                lines.push_back(line);
        }
        return lines;
    }
    [[nodiscard]] std::uintmax_t log_bytes() const
    {
        return std::filesystem::file_size(seen() / "log");
    }
    [[nodiscard]] process::exit_reason stop() { return program_->stop(); }

private:
    [[nodiscard]] std::filesystem::path inside() const { return folder_.path() / "disk"; }
    [[nodiscard]] std::filesystem::path seen() const
    {
        return fmt::format("/proc/{}/root{}", program_->pid(), inside().string());
    }

    testing::temporary_folder folder_;
    std::uint16_t port_ = testing::free_port();
    std::unique_ptr<testing::running_program> program_;
};

std::uint64_t told_dropped(const std::vector<std::string>& log)
{
    std::uint64_t sum = 0;
    for (const std::string& line : log) {
        boost::system::error_code ec;
        const auto words = boost::json::parse(line, ec);
        if (!ec && words.is_object() && words.as_object().contains("dropped"))
            sum += words.at("dropped").to_number<std::uint64_t>();
    }
    return sum;
}

std::size_t torn(const std::vector<std::string>& log)
{
    return static_cast<std::size_t>(std::ranges::count_if(log, [](const std::string& line) {
        boost::system::error_code ec;
        (void)boost::json::parse(line, ec);
        return ec.failed() && !line.empty();
    }));
}

}  // namespace

TEST_CASE("a full disk costs log lines and nothing else")
{
    const testing::temporary_folder trial;
    const std::string flag = mounting_flag(trial.path().string());
    if (flag.empty()) {
        MESSAGE("no file system can be mounted here: not shown");
        return;
    }
    full_disk server{flag};
    const auto report = under_load(server.load(), [&] {
        server.fill();
        server.kill_workers(1);
        server.fill();  // what was freed meanwhile
        const std::size_t before = server.log().size();
        server.kill_workers(20);
        server.reload();
        const std::size_t then = server.log().size();
        CHECK(then < before + 30);  // what went into the rest of its last page
        // Up to four kilobytes of that are left, and until they are used nothing is lost.
        for (std::uintmax_t bytes = 0; std::exchange(bytes, server.log_bytes()) != bytes;)
            server.kill_workers(4);
        server.make_room();
        server.kill_workers(2);
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
    const auto log = server.log();
    MESSAGE(told_dropped(log) << " lines were lost, " << torn(log) << " were cut");
    CHECK(told_dropped(log) > 0);
    CHECK(torn(log) <= 4);  // the root, the primary and the workers: one each at most
    CHECK(server.stop().success());
}

TEST_CASE("a full disk where log files are put aside likewise")
{
    const testing::temporary_folder trial;
    const std::string flag = mounting_flag(trial.path().string());
    if (flag.empty()) {
        MESSAGE("no file system can be mounted here: not shown");
        return;
    }
    full_disk server{flag, full_disk::logs::to_files};
    const auto report = under_load(server.load(), [&] {
        server.kill_workers(8);
        server.fill();
        // Each file that is made may take lines until there is no block for it any more.
        server.kill_workers(8);
        server.fill();
        server.kill_workers(16);
        server.reload();
        server.make_room();
        server.kill_workers(2);
    });
    CHECK_MESSAGE(report.good(), report.text());
    const auto log = server.log();
    MESSAGE(told_dropped(log) << " lines were lost, " << torn(log) << " were cut");
    CHECK(told_dropped(log) > 0);
    CHECK(torn(log) <= 8);
    CHECK(server.stop().success());
}

TEST_CASE("a log that never takes a line keeps nobody from serving, dying and being reloaded")
{
    full_disk server{""};
    const auto report = under_load(server.load(), [&] {
        server.kill_workers(4);
        server.reload();
        server.kill_workers(2);
    });
    CHECK_MESSAGE(report.good(), report.text());
    CHECK(server.stop().success());
}
