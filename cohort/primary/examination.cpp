#include <cohort/primary/examination.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/primary/stack_report.hpp>

#include <boost/asio/post.hpp>

#include <unistd.h>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// Answers come in shared memory, which nobody can wait for: mostly within a tenth of this.
constexpr nanoseconds look_again = 1ms;

/// Marks the worker as asked for as long as it lives.
class asking {
public:
    explicit asking(worker_handle& whom) noexcept
        : whom_{whom}
    {
        whom_.begin_asking();
    }
    asking(const asking&) = delete;
    asking& operator=(const asking&) = delete;
    ~asking() { whom_.end_asking(); }

private:
    worker_handle& whom_;
};

}  // namespace

awaitable<> examination::look(worker_ptr who, nanoseconds patience)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto until = now() + patience;
    while (who->asked() && now() < until && !stopped(stop))
        co_await sleep_for(look_again);
    if (who->asked() || who->dead() || stopped(stop))
        co_return;
    const asking marked{*who};
    const process::stack_witness whom{.process = who->info().pid,
                                      .pidfd = who->process().pidfd().borrow(),
                                      .sheet = who->sheet()};
    auto question = process::stack_question::put(whom);
    while (!question.answered() && now() < until && !stopped(stop))
        co_await sleep_for(look_again);
    seen_ = question.take();
    // Where we may not look, a copy of us has its code where we have it.
    if (seen_.code.empty() && who->copy_of_us())
        seen_.code = process::program_map::of(::getpid());
    names_ = process::frame_finder::open(whom.process, seen_.code, addresses_on(seen_));
}

awaitable<> examination::find_names()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop) && names_.step())
        co_await asio::post(asio::use_awaitable);
}

std::string examination::text() const { return text_of(seen_, names_); }
boost::json::array examination::to_json() const { return primary::to_json(seen_, names_); }

}  // namespace cohort::primary
