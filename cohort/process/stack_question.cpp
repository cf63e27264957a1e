#include <cohort/process/stack_question.hpp>

#include <cohort/process/stacks.hpp>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cohort::process {

namespace {

/// Its number is still its own: it has not been reaped.
bool is_there(const stack_witness& who) noexcept
{
    if (who.pidfd == -1)
        return true;
    pollfd door{.fd = who.pidfd, .events = POLLIN, .revents = 0};
    return ::poll(&door, 1, 0) == 0;
}

std::string why_not_asked(const thread_view& whom, const stack_witness& to)
{
    const std::uint64_t bit = std::uint64_t{1} << (stacks::signal_number() - 1);
    if (to.sheet == nullptr || (whom.handled & bit) == 0)
        return "its program shows no stacks";
    if (whom.stopped())
        return "nothing of it can run";
    if ((whom.blocked & bit) != 0)
        return "it blocks the signal that asks for stacks";
    return {};
}

}  // namespace

stack_question stack_question::put(const stack_witness& to)
{
    stack_question made{to};
    made.seen_ = look_at_threads(to.process, board::stack_threads_max);
    for (const thread_view& each : made.seen_.threads)
        made.silence_.push_back(why_not_asked(each, to));
    if (to.sheet == nullptr)
        return made;
    board::stack_words_of_all& all = to.sheet->words();
    for (std::size_t i = 0; i < all.threads.size(); ++i) {
        const pid_t whom = made.is_asked(i) ? made.seen_.threads[i].thread : 0;
        all.threads[i].thread.store(static_cast<std::uint32_t>(whom), std::memory_order_release);
    }
    // A signal of an earlier question that is still under way answers this one, which is as well.
    made.round_ = std::max(all.round.load(std::memory_order_relaxed) + 1, 1U);
    all.round.store(made.round_, std::memory_order_release);
    for (std::size_t i = 0; i < made.seen_.threads.size(); ++i)
        made.ask(i);
    return made;
}

void stack_question::ask(std::size_t number)
{
    // One thread of another process is named by its number only; whether the number is still its
    // own is asked right before. All numbers there are would have to pass in between.
    if (!is_asked(number) || !is_there(to_))
        return;
    const pid_t whom = seen_.threads[number].thread;
    if (::syscall(SYS_tgkill, to_.process, whom, stacks::signal_number()) == -1)
        silence_[number] = "it could not be asked: " + last_errno().message();
}

bool stack_question::is_asked(std::size_t number) const noexcept
{
    return number < silence_.size() && silence_[number].empty();
}

bool stack_question::answered() const noexcept
{
    for (std::size_t i = 0; i < silence_.size(); ++i) {
        if (is_asked(i) &&
            to_.sheet->words().threads[i].round.load(std::memory_order_acquire) != round_)
            return false;
    }
    return true;
}

stacks_of_all stack_question::take()
{
    stacks_of_all all;
    all.more = seen_.more;
    all.code = program_map::of(to_.process);
    for (std::size_t i = 0; i < seen_.threads.size(); ++i) {
        thread_stack one;
        one.of = std::move(seen_.threads[i]);
        one.silence = silence_[i];
        if (is_asked(i)) {
            if (auto shown = board::read(to_.sheet->words().threads[i], round_))
                one.shown = *std::move(shown);
            else
                one.silence = "it did not show its stack in time";
        }
        if (one.shown.frames.empty())
            look_closer(to_.process, one.of);
        all.threads.push_back(std::move(one));
    }
    return all;
}

}  // namespace cohort::process
