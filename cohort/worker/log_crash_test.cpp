// Lines of processes that are killed while they write them to a file. It stands in this room, which
// knows how to give birth, and how to log.
#include <cohort/base/clock.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/random.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/line_ring.hpp>
#include <cohort/observe/log_sink.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace cohort;
using observe::log_sink;

namespace {

constexpr unsigned rounds = 150;
constexpr unsigned victims = 2;  // who keep their lines in memory, and are killed
constexpr unsigned lives = rounds * victims;
constexpr unsigned others = 2;  // who write to the same file, and are not

/// What all processes of the test see.
struct test_page {
    std::atomic<unsigned> round;
    std::array<std::atomic<std::uint64_t>, lives> logged;  // lines that line() has taken
    std::array<std::atomic<std::uint64_t>, others> written;
    std::atomic<bool> over;
    std::atomic<unsigned> doubts;  // killed over lines that were to be written
};

/// Memory that outlives who writes to it. A resource.
class shared_memory {
public:
    explicit shared_memory(std::size_t bytes)
    {
        void* const at =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(at != MAP_FAILED);
        bytes_ = {static_cast<std::byte*>(at), bytes};
    }
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;
    ~shared_memory() { ::munmap(bytes_.data(), bytes_.size()); }
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

private:
    std::span<std::byte> bytes_;
};

/// The lines of one process, of 16 lengths; some are longer than a page. They are made quickly, so
/// that most of its time goes by in write(2). A resource.
class lines_of {
public:
    explicit lines_of(std::string_view who)
    {
        for (std::size_t i = 0; i < made_.size(); ++i)
            made_[i] =
                fmt::format(R"({{"timestamp":"now","who":"{}","number":{:08},"filler":"{}"}})", who,
                            0, std::string(i == 0 ? 6000 : i * 37, 'x')) +
                '\n';
        number_at_ = made_[0].find("00000000");
    }

    std::string_view line(std::uint64_t number)
    {
        std::string& text = made_[number % made_.size()];
        for (std::size_t i = 8; i > 0; --i, number /= 10)
            text[number_at_ + i - 1] = static_cast<char>('0' + number % 10);
        return text;
    }

private:
    std::array<std::string, 16> made_;
    std::size_t number_at_ = 0;
};

/// When somebody dies: so many nanoseconds after so many lines.
struct end_of_life {
    std::uint64_t lines = 0;
    long then_ns = 1;
};

/// By the kernel's own timer: it comes while the process is running, however busy the machine is.
void be_killed_in(long time_ns) noexcept
{
    sigevent how{};
    how.sigev_notify = SIGEV_SIGNAL;
    how.sigev_signo = SIGKILL;
    timer_t timer{};
    const itimerspec when{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = time_ns}};
    if (::timer_create(CLOCK_MONOTONIC, &how, &timer) == -1 ||
        ::timer_settime(timer, 0, &when, nullptr) == -1)
        ::_exit(1);
}

/// Many lines at a time, as the turns of a loop have them, and one.
void log_until(const end_of_life& end, int file, std::span<std::byte> memory, test_page& page,
               unsigned life) noexcept
{
    if (end.lines == 0)
        be_killed_in(end.then_ns);
    log_sink sink{file};
    sink.keep_in(memory);
    lines_of mine{fmt::format("v{}", life)};
    const unsigned at_a_time = life % 3 == 0 ? 1 : 40 * (life % 7 + 1);
    for (std::uint64_t number = 1;;) {
        sink.hold();
        for (unsigned i = 0; i < at_a_time; ++i, ++number) {
            sink.line(mine.line(number));
            page.logged[life].store(number);
            if (number == end.lines)
                be_killed_in(end.then_ns);
        }
        sink.release();
    }
}

void log_beside(int file, test_page& page, unsigned who) noexcept
{
    log_sink sink{file};
    lines_of mine{fmt::format("o{}", who)};
    for (std::uint64_t number = 1; !page.over.load(); ++number) {
        while (number > (page.round.load() + 1) * std::uint64_t{300} && !page.over.load())
            ::sched_yield();
        sink.line(mine.line(number));
        page.written[who].store(number);
    }
}

process::child begin(int file, std::move_only_function<void() noexcept> life)
{
    auto permit = process::fork_permit::ask();
    REQUIRE(permit);
    process::birth how;
    how.keep = {file};
    auto made = process::clone(std::move(*permit), how, std::move(life));
    REQUIRE(made);
    return std::move(*made);
}

/// How often each line of each is there.
struct found {
    std::map<std::string, std::vector<unsigned>, std::less<>> lines;
    unsigned blank = 0;
    unsigned torn = 0;
};

found read_all(const std::filesystem::path& path)
{
    found all;
    std::map<std::string, lines_of, std::less<>> writers;
    std::ifstream file{path};
    constexpr std::string_view before = "{\"timestamp\":\"now\",\"who\":\"";
    constexpr std::string_view between = "\",\"number\":";
    for (std::string line; std::getline(file, line);) {
        if (line.find_first_not_of(' ') == std::string::npos) {
            ++all.blank;
            continue;
        }
        line += '\n';
        const auto name_end = line.find(between);
        const auto number =
            name_end == std::string::npos
                ? std::nullopt
                : parse_integer<std::uint64_t>(line.substr(name_end + between.size(), 8));
        if (!number || name_end < before.size()) {
            ++all.torn;
            continue;
        }
        const std::string name = line.substr(before.size(), name_end - before.size());
        if (line != writers.try_emplace(name, name).first->second.line(*number)) {
            ++all.torn;
            continue;
        }
        std::vector<unsigned>& of = all.lines[name];
        of.resize(std::max<std::size_t>(of.size(), *number));
        ++of[*number - 1];
    }
    return all;
}

/// Lines 1 to `last`, and maybe one more; how many are not there once.
std::size_t wrong_in(const found& all, const std::string& who, std::uint64_t last)
{
    const auto of = all.lines.find(who);
    const std::vector<unsigned> none;
    const std::vector<unsigned>& times = of == all.lines.end() ? none : of->second;
    const std::size_t there = std::min<std::size_t>(times.size(), last);
    const auto once = static_cast<std::size_t>(
        std::count(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(there), 1U));
    const bool more_than_one = times.size() > last + 1 || (times.size() > last && times[last] > 1);
    return last - once + (more_than_one ? 1 : 0);
}

/// All victims are born, killed at any moment, and born again.
void kill_again_and_again(int file, std::span<const shared_memory> kept, test_page& page,
                          random_source& dice)
{
    for (unsigned round = 0; round < rounds; ++round) {
        page.round = round;
        std::vector<process::child> alive;
        for (unsigned who = 0; who < victims; ++who) {
            const end_of_life end{.lines = round % 8 == 0 ? 0 : 1 + dice.next() % 1000,
                                  .then_ns = static_cast<long>(1 + dice.next() % 100'000)};
            const unsigned life = round * victims + who;
            alive.push_back(begin(file, [&, end, who, life]() noexcept {
                log_until(end, file, kept[who].bytes(), page, life);
            }));
        }
        for (process::child& each : alive)
            CHECK(each.wait().signal() == SIGKILL);
        for (const shared_memory& each : kept)
            page.doubts += observe::line_ring{each.bytes()}.doubted() > 0 ? 1 : 0;
    }
}

}  // namespace

TEST_CASE("every line of processes that are killed while they write is in the file once, and whole")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    std::string path = (std::filesystem::temp_directory_path() / "cohort-XXXXXX").string();
    const unique_fd made{::mkostemp(path.data(), O_CLOEXEC)};
    const unique_fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    REQUIRE(file.valid());
    const shared_memory common{sizeof(test_page)};
    auto& page = *new (common.bytes().data()) test_page{};
    const std::array<shared_memory, victims> kept{shared_memory{log_sink::memory_bytes},
                                                  shared_memory{log_sink::memory_bytes}};
    std::vector<process::child> beside;
    for (unsigned who = 0; who < others; ++who)
        beside.push_back(
            begin(file.borrow(), [&, who]() noexcept { log_beside(file.borrow(), page, who); }));

    kill_again_and_again(file.borrow(), kept, page, dice);
    page.over = true;
    for (process::child& each : beside)
        CHECK(each.wait().code() == 0);
    for (const shared_memory& each : kept)
        log_sink{file.borrow()}.keep_in(each.bytes());

    const found all = read_all(path);
    std::filesystem::remove(path);
    CHECK(all.torn == 0);
    // A half, and a line end of somebody who has found it before it was made blank.
    CHECK(all.blank <= 2 * lives);
    for (unsigned who = 0; who < others; ++who)
        CHECK(wrong_in(all, fmt::format("o{}", who), page.written[who]) == 0);
    std::size_t lines = 0;
    for (unsigned life = 0; life < lives; ++life) {
        CAPTURE(life);
        CHECK(wrong_in(all, fmt::format("v{}", life), page.logged[life]) == 0);
        lines += page.logged[life];
    }
    MESSAGE(lines << " lines of " << lives << " killed processes, " << page.doubts.load()
                  << " of them while they wrote, " << all.blank << " halves made blank");
}
