#include <cohort/async/lanes.hpp>
#include <cohort/base/assert.hpp>

#include <utility>

#include <pthread.h>
#include <signal.h>

namespace cohort {

namespace {

/// Signals are the event loop's business: a lane must never be the thread that receives one.
class signals_blocked {
public:
    signals_blocked() noexcept
    {
        sigset_t all;
        ::sigfillset(&all);
        // A crash must still be delivered to the thread that crashed.
        for (const int fatal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP})
            ::sigdelset(&all, fatal);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_;
};

}  // namespace

thread_local unsigned lanes::here_ = 0;

lanes::~lanes() { stop(); }

lanes& lanes::of(boost::asio::execution_context& loop)
{
    return boost::asio::use_service<lanes>(loop);
}

void lanes::configure(unsigned threads, std::size_t queue)
{
    COHORT_ASSERT(threads >= 1 && threads <= 256);
    const std::lock_guard lock{mutex_};
    COHORT_ASSERT(threads_.empty());
    threads_wanted_ = threads;
    queue_max_ = queue;
}

result<> lanes::run(job work)
{
    {
        const std::lock_guard lock{mutex_};
        if (stopping_)
            return failed(errc::stopping, "offload");
        if (waiting_.size() >= queue_max_)
            return failed(errc::queue_full, "offload");
        waiting_.push_back(std::move(work));
        count(1);
        if (threads_.size() < threads_wanted_) {
            const signals_blocked quiet;
            const auto index = static_cast<unsigned>(threads_.size() + 1);
            threads_.emplace_back([this, index] { this->work(index); });
        }
    }
    arrived_.notify_one();
    return {};
}

void lanes::work(unsigned index) noexcept
{
    here_ = index;
    if (on_thread_ != nullptr)
        on_thread_(index);
    ::pthread_setname_np(::pthread_self(), "lane");
    std::unique_lock lock{mutex_};
    for (;;) {
        arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_)
            return;
        job next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next();
        next = nullptr;  // what the job owned goes before the next lock, not after
        count(-1);
        lock.lock();
    }
}

void lanes::mirror(std::atomic<std::uint32_t>& word)
{
    // A job that begins or ends right now may be counted wrongly: in a word that is only looked at.
    word.store(static_cast<std::uint32_t>(busy()), std::memory_order_relaxed);
    mirror_.store(&word, std::memory_order_release);
}

void lanes::count(std::ptrdiff_t change) noexcept
{
    // Unsigned arithmetic wraps, so adding a negative number is subtracting.
    busy_.fetch_add(static_cast<std::size_t>(change), std::memory_order_acq_rel);
    if (auto* const word = mirror_.load(std::memory_order_acquire); word != nullptr)
        word->fetch_add(static_cast<std::uint32_t>(change), std::memory_order_relaxed);
}

void lanes::stop() noexcept
{
    std::deque<job> dropped;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        dropped.swap(waiting_);
        count(-static_cast<std::ptrdiff_t>(dropped.size()));
    }
    arrived_.notify_all();
    threads_.clear();  // joins
}

}  // namespace cohort
