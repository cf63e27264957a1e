// What a supervisor does about log files that are opened anew: workers may not be allowed to open
// them by themselves, so they are handed over.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/primary/log_terms.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::primary {

namespace {

/// It writes to the log's file by itself. (What exec'ed programs write comes through us.)
bool writes_by_itself(const worker_handle& who) noexcept
{
    return who.forked_without_exec() && who.connected();
}

}  // namespace

result<> supervisor::reopen_logs()
{
    if (log::file_number() == -1)
        return {};
    COHORT_TRY(log::reopen_file());
    for (const auto& [slot, each] : outlets_) {
        if (const auto done = each->reopen(); !done)
            log::warn("{}; slot {} goes on in the one before", done.error().text(), slot);
    }
    ++log_turn_;
    for (const auto& [id, who] : workers_)
        give_log(*who);
    return {};
}

unsigned supervisor::behind_with_logs() const noexcept
{
    if (log::file_number() == -1)
        return 0;
    return static_cast<unsigned>(std::ranges::count_if(workers_, [this](const auto& each) {
        const worker_handle& who = *each.second;
        return writes_by_itself(who) && who.online_since() && who.log_turn() != log_turn_;
    }));
}

void supervisor::give_log(worker_handle& to)
{
    if (log::file_number() == -1 || !writes_by_itself(to))
        return;
    auto file = log::open_file(log_path(settings(), to.slot()));
    if (!file) {
        log::warn("{}; worker {} goes on in the one before", file.error().text(), to.id());
        return;
    }
    auto letter = ipc::letter(ipc::kind::log_file, std::to_string(log_turn_));
    letter.cargo.push_back(*std::move(file));
    if (const auto sent = to.channel().try_send(letter); !sent)
        log::warn("worker {} goes on in the log of before: {}", to.id(), sent.error().text());
}

void supervisor::took_log(worker_handle& who, std::string_view turn) noexcept
{
    who.took_log(parse_integer<std::uint32_t>(turn).value_or(0));
    changed_.notify_all();
}

std::shared_ptr<log::outlet> supervisor::outlet_of(std::uint32_t slot)
{
    if (!logs_by_slot(settings()))
        return nullptr;
    std::shared_ptr<log::outlet>& its = outlets_[slot];
    if (its == nullptr) {
        auto opened = log::outlet::open(log_path(settings(), slot));
        if (opened)
            its = *std::move(opened);
        else
            log::warn("{}; what slot {} says goes to our own", opened.error().text(), slot);
    }
    return its;
}

}  // namespace cohort::primary
