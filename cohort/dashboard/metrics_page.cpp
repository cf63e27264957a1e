#include <cohort/dashboard/metrics_page.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/observe/exposition.hpp>

#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;
using observe::exposition_format;

namespace {

constexpr nanoseconds fresh_for = 1s;

}  // namespace

metrics_page::metrics_page(const asio::any_io_executor& executor, const board::segment& of)
    : reader_{observe::metric_reader::of(of.commons())},
      plain_{executor, [this] { return write(exposition_format::text); }, fresh_for},
      openmetrics_{executor, [this] { return write(exposition_format::openmetrics); }, fresh_for}
{}

result<std::string> metrics_page::read(exposition_format as)
{
    if (!reader_)
        return std::unexpected(reader_.error());
    const std::lock_guard alone{mutex_};
    return observe::expose(reader_->read(), as);
}

awaitable<result<std::string>> metrics_page::write(exposition_format as)
{
    auto writing = offload([this, as] { return read(as); });
    try {
        co_return co_await std::move(writing);
    } catch (const failure& refused) {
        co_return std::unexpected(refused.why());
    }
}

awaitable<result<metrics_page::text_ptr>> metrics_page::text(exposition_format as)
{
    shared_answer<std::string>& which = as == exposition_format::text ? plain_ : openmetrics_;
    auto asking = which.get();
    co_return co_await std::move(asking);
}

}  // namespace cohort::dashboard
