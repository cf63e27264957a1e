#include <cohort/http/middleware/shed.hpp>

#include <cohort/http/delay_judge.hpp>
#include <cohort/http/detail/retry_after.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>

#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

std::atomic<std::uint32_t> all_in_flight{0};
std::atomic<std::uint64_t> all_refused{0};

response refuse(std::chrono::seconds most)
{
    all_refused.fetch_add(1, std::memory_order_relaxed);
    return overloaded("too much is under way")
        .header("Retry-After", std::to_string(detail::retry_after_by_chance(most).count()));
}

bool may_be_shed(const request& of) noexcept
{
    const route* const to = of.route();
    return to == nullptr || to->note<never_shed>() == nullptr;
}

/// One request under way. Ends with the request, however that comes about: a
/// client that leaves in the middle too.
class under_way {
public:
    explicit under_way(std::shared_ptr<std::atomic<std::uint32_t>> count) noexcept
        : count_{std::move(count)}
    {
        all_in_flight.fetch_add(1, std::memory_order_relaxed);
    }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;
    ~under_way()
    {
        count_->fetch_sub(1, std::memory_order_relaxed);
        all_in_flight.fetch_sub(1, std::memory_order_relaxed);
    }

private:
    std::shared_ptr<std::atomic<std::uint32_t>> count_;
};

/// Attached: the places that a request takes, one for each shed() around it.
struct places_taken {
    std::vector<std::unique_ptr<const under_way>> all;
};

/// One loop's delay, as the loop's own thread measures it.
struct loop_delay {
    explicit loop_delay(const shed_by_delay_options& choices) noexcept
        : judge{choices.queue_delay_max, choices.interval}
    {}
    delay_judge judge;
    std::optional<steady_time> asked;  // a probe is on its way since then
};

/// Has the loop come round once, unless it is about to already.
void probe(const asio::any_io_executor& loop, const std::shared_ptr<loop_delay>& delay)
{
    using namespace std::chrono_literals;
    const steady_time asked = now();
    // One that is this old went down with its loop.
    if (delay->asked && asked - *delay->asked < 10s)
        return;
    delay->asked = asked;
    asio::post(loop, [delay, asked] {
        const steady_time come = now();
        delay->judge.measured(come - asked, come);
        delay->asked.reset();
    });
}

awaitable<response> admit(request& of, next go, std::shared_ptr<loop_delay> delay,
                          std::chrono::seconds retry_after_max)
{
    const auto loop = co_await asio::this_coro::executor;
    probe(loop, delay);
    if (may_be_shed(of) && delay->judge.overloaded(now()))
        co_return refuse(retry_after_max);
    awaitable<response> rest = go(of);
    response answer = co_await std::move(rest);
    co_return answer;
}

}  // namespace

hooks shed(shed_options choices)
{
    auto count = std::make_shared<std::atomic<std::uint32_t>>(0);
    return {.name = "shed",
            .before = [count = std::move(count), choices](request& of) -> std::optional<response> {
                const auto before = count->fetch_add(1, std::memory_order_relaxed);
                if (before >= choices.in_flight_max && may_be_shed(of)) {
                    count->fetch_sub(1, std::memory_order_relaxed);
                    return refuse(choices.retry_after_max);
                }
                of.attachment<places_taken>().all.push_back(
                    std::make_unique<const under_way>(count));
                return std::nullopt;
            }};
}

onion shed_by_delay(shed_by_delay_options choices)
{
    auto delay = std::make_shared<loop_delay>(choices);
    return {.name = "shed_by_delay",
            .around = [delay = std::move(delay), most = choices.retry_after_max](
                          request& of, next go) { return admit(of, go, delay, most); }};
}

shed_counts shed_now() noexcept
{
    return {.in_flight = all_in_flight.load(std::memory_order_relaxed),
            .refused = all_refused.load(std::memory_order_relaxed)};
}

}  // namespace cohort::http
