// witness: asks a server, checks every byte, and counts every request. See docs/manual/testing.md.
//
// Ends with 0 if all is well, 1 if anything failed or does not add up, 2 if it was called wrongly.

#include <cohort/base/parse.hpp>
#include <cohort/testing/witness.hpp>
#include <cohort/testing/witness_api.hpp>

#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohort;
using testing::witness_mix;

namespace {

constexpr std::string_view usage =
    R"(witness --connect ADDRESS [options]

  --connect ADDRESS   127.0.0.1:8080, [::1]:8080, unix:/run/app.sock
  --connections N     keep-alive connections (64)
  --seconds N         how long (10); fractions are fine
  --rate N            open loop: so many items a second, on a fixed schedule
  --closed            closed loop: each connection asks when it may (the default)
  --mix KIND=N,...    weights of get slow post put pipeline large stream slow_reader slow_writer
                      (all but stream, mostly get)
  --slow-ms N         what slow requests take on average (20)
  --pauses N          share of requests with a pause behind them (0.2)
  --pause-ms N        pauses are up to this long (20)
  --fresh N           share of requests for which a new connection is made (0)
  --timeout N         seconds until a request has failed (10)
  --seed N            the same seed asks the same (1)
  --only-plain        every request is for /, for servers without the paths of witness_api; only
                      GETs, unless a mix is given
  --target PATH       the same with another path
  --json FILE         the report as JSON ("-": standard output, in place of the table)

Each line "mark [NANOSECONDS [SLOT]]" on its standard input announces a death, now or at that time
of CLOCK_MONOTONIC; "stop" ends the run early.
)";

struct options {
    testing::witness_plan plan;
    std::string json;
};

/// The value of an option, as a number that is not negative.
template <class T>
bool read(std::string_view text, T& into)
{
    if constexpr (std::is_same_v<T, double>) {
        const auto number = parse_number(text);
        if (!number || *number < 0)
            return false;
        into = *number;
    } else {
        const auto number = parse_integer<T>(text);
        if (!number)
            return false;
        into = *number;
    }
    return true;
}

bool read_duration(std::string_view text, double unit, nanoseconds& into)
{
    double value = 0;
    if (!read(text, value) || value * unit > 1e18)
        return false;
    into = nanoseconds{static_cast<std::int64_t>(value * unit)};
    return true;
}

bool read_milliseconds(std::string_view text, milliseconds& into)
{
    std::uint32_t value = 0;
    if (!read(text, value) || value > 1'000'000)
        return false;
    into = milliseconds{value};
    return true;
}

/// One option with its value. False: there is none of that name, or not with that value.
bool take(std::string_view name, std::string_view value, options& into)
{
    auto& plan = into.plan;
    if (name == "--connect") {
        const auto server = net::endpoint::parse(value);
        if (server)
            plan.server = *server;
        return server.has_value();
    }
    if (name == "--mix") {
        const auto mix = witness_mix::parse(value);
        if (mix)
            plan.asks.mix = *mix;
        return mix.has_value();
    }
    if (name == "--connections")
        return read(value, plan.connections);
    if (name == "--seconds")
        return read_duration(value, 1e9, plan.duration);
    if (name == "--rate")
        return read(value, plan.rate);
    if (name == "--slow-ms")
        return read_milliseconds(value, plan.asks.work);
    if (name == "--pauses")
        return read(value, plan.asks.pauses);
    if (name == "--fresh")
        return read(value, plan.asks.fresh);
    if (name == "--pause-ms")
        return read_milliseconds(value, plan.asks.pause_max);
    if (name == "--timeout")
        return read_duration(value, 1e9, plan.timeout);
    if (name == "--seed")
        return read(value, plan.asks.seed);
    if (name == "--target")
        plan.plain_target = value;
    else if (name == "--json")
        into.json = value;
    else
        return false;
    return true;
}

std::optional<options> parse(const std::vector<std::string_view>& words)
{
    options read;
    bool mixed = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--closed") {
            read.plan.rate = 0;
        } else if (words[i] == "--only-plain") {
            read.plan.plain_target = std::string{"/"};
        } else if (i + 1 == words.size() || !take(words[i], words[i + 1], read)) {
            std::fprintf(stderr, "witness: what is %.*s?\n\n", static_cast<int>(words[i].size()),
                         words[i].data());
            return std::nullopt;
        } else {
            mixed = mixed || words[i] == "--mix";
            ++i;
        }
    }
    if (!mixed)
        read.plan.asks.mix =
            read.plan.plain_target.empty() ? witness_mix::everything() : witness_mix::plain();
    return read;
}

/// Commands, line by line, as they come.
class commands {
public:
    explicit commands(testing::witness& to)
        : to_{to}
    {
        to_.watch(STDIN_FILENO, [this] { read(); });
    }

    [[nodiscard]] bool stop() const noexcept { return stop_; }

private:
    void read()
    {
        std::array<char, 4096> buffer{};
        const auto got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got == 0)
            to_.watch(-1, {});
        if (got <= 0)
            return;
        text_.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
            obey(std::string_view{text_}.substr(0, end));
            text_.erase(0, end + 1);
        }
    }

    void obey(std::string_view line)
    {
        const std::size_t first = line.find(' ');
        const std::string_view verb = line.substr(0, first);
        const std::string_view rest =
            first == std::string_view::npos ? std::string_view{} : line.substr(first + 1);
        if (verb == "stop")
            stop_ = true;
        if (verb != "mark")
            return;
        const std::size_t second = rest.find(' ');
        const auto at = parse_integer<std::int64_t>(rest.substr(0, second));
        const auto slot = second == std::string_view::npos
                              ? std::nullopt
                              : parse_integer<std::uint32_t>(rest.substr(second + 1));
        to_.mark(at ? steady_time{nanoseconds{*at}} : now(), slot);
    }

    testing::witness& to_;
    std::string text_;
    bool stop_ = false;
};

bool write_json(const std::string& path, const testing::witness_report& report)
{
    const std::string text = boost::json::serialize(report.json()) + '\n';
    if (path == "-")
        return std::fputs(text.c_str(), stdout) >= 0;
    std::ofstream file{path};
    file << text;
    return file.good();
}

}  // namespace

int main(int argc, char** argv)
{
    auto given = parse({argv + 1, argv + argc});
    if (!given || given->plan.server == net::endpoint{}) {
        std::fputs(usage.data(), stderr);
        return 2;
    }
    const bool plain = !given->plan.plain_target.empty();
    const net::endpoint server = given->plan.server;
    if (!plain) {
        if (const auto begun = testing::begin_witness_counts(server); !begun)
            std::fprintf(stderr, "witness: %s\n", begun.error().text().c_str());
        given->plan.counts = [server] { return testing::ask_witness_counts(server); };
    }
    auto made = testing::witness::make(given->plan);
    if (!made) {
        std::fprintf(stderr, "witness: %s\n", made.error().text().c_str());
        return 2;
    }
    const commands heard{*made};
    while (made->run_for(milliseconds{20})) {
        if (heard.stop())
            made->stop();
    }

    const testing::witness_report& report = made->report();
    if (given->json != "-")
        std::fputs(report.text().c_str(), stdout);
    if (!given->json.empty() && !write_json(given->json, report)) {
        std::fprintf(stderr, "witness: cannot write %s\n", given->json.c_str());
        return 1;
    }
    return report.good() ? 0 : 1;
}
