#include <cohort/primary/transcript.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/primary/line_cutter.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace cohort::primary {

namespace {

constexpr std::size_t piece_bytes = 16 * 1024;

void put(std::string_view line, writer by, std::string_view stream, log::outlet* into)
{
    if (is_json_object(line)) {
        log::export_line(line);
        into == nullptr ? log::pass_on(line) : into->pass_on(line);
        return;
    }
    const log::field more[] = {{"slot", by.slot}, {"worker", by.worker}, {"stream", stream}};
    if (into == nullptr) {
        log::write(log::level::info, line, more);
    } else if (log::enabled(log::level::info)) {
        std::string whole = log::line_of(log::level::info, line, more);
        whole.pop_back();
        log::export_line(whole);
        into->pass_on(whole);
    }
}

}  // namespace

awaitable<> write_down_output(unique_fd from, writer by, std::string stream,
                              std::shared_ptr<log::outlet> into)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor pipe{executor, from.release()};
    line_cutter lines;
    const auto take = [&](std::string_view line) { put(line, by, stream, into.get()); };
    std::array<char, piece_bytes> piece{};
    const auto room = asio::buffer(piece);
    while (!stopped(stop)) {
        auto [ec, got] = co_await pipe.async_read_some(room, use_tuple);
        if (ec)
            break;
        lines.feed({piece.data(), got}, take);
    }
    lines.finish(take);
    if (lines.cut_off() > 0)
        log::warn("{} bytes of worker {} on {} did not fit into their lines", lines.cut_off(),
                  by.worker, stream);
}

}  // namespace cohort::primary
