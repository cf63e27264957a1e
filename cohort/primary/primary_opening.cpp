// How a primary comes to be: its board, its workers' supervisor, and whoever answers for it.

#include <cohort/primary/primary.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/limits.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/desk.hpp>
#include <cohort/primary/trace_terms.hpp>
#include <cohort/process/identity.hpp>

#include <fmt/format.h>

#include <csignal>
#include <string_view>
#include <utility>

namespace cohort::primary {

result<> primary::open()
{
    // Whoever reads our log may leave: that is an error code of the write, never our end.
    ::signal(SIGPIPE, SIG_IGN);
    process::set_title(fmt::format("cohort: primary ({})", settings_.name));
    if (const auto limit = net::raise_descriptor_limit(); !limit)
        log::warn("the limit of descriptors stays low: {}; going on", limit.error().text());
    if (const auto fit = net::connections_that_fit(); fit < settings_.limit.connections)
        log::warn("limit.connections is {}, but a process may have descriptors for {} here; going "
                  "on with those (ulimit -Hn)",
                  settings_.limit.connections, fit);
    telemetry_ = trace_by(settings_);
    COHORT_TRY(announce_sandbox());
    COHORT_TRY(poller_.start());
    COHORT_TRY(auto board, open_board());
    const auto shared = cohort_metrics::on(board);
    supervisor_ = std::make_unique<supervisor>(loop_, poller_, std::move(board), settings_, upkeep_,
                                               audience_);
    // For what the program's hooks here say to workers, and for spans of ours.
    at_home_.emplace(supervisor_->board().commons());
    supervisor_->use(care_);
    reloading_ = std::make_unique<reloading>(*supervisor_, std::move(read_again_));
    sockets_.emplace(*manager_);
    supervisor_->use(*sockets_);
    notice_.emplace(*manager_);
    recycler_ = std::make_unique<recycler>(loop_.get_executor(), *supervisor_,
                                           [this] { return reloading_->busy(); });
    checkup_ = std::make_unique<checkup>(loop_.get_executor(), *supervisor_, *recycler_,
                                         reception_.past());
    scaler_ = std::make_unique<scaler>(*supervisor_, [this] { return reloading_->busy(); });
    mending_ = std::make_unique<mending>(*supervisor_, [this] { return reloading_->busy(); });
    try {
        metrics_.emplace(*supervisor_, reception_.past(), shared);
    } catch (const failure& why) {
        // The program has a metric of its own by one of our names.
        log::error("what the cohort counts by itself is not shown: {}; going on", why.what());
    }
    return open_desk();
}

result<> primary::open_desk()
{
    supervisor_->tell(reception_.past());
    office with{.workers = *supervisor_,
                .past = reception_.past(),
                .settings = settings_,
                .stop = [this](std::string_view by) { stop(by); },
                .stopping = [this] { return stopping_; }};
    COHORT_TRY(
        reception_.open(settings_, naming_, std::move(with), left_open_ ? &*left_open_ : nullptr));
    transactions_ = std::make_unique<transactions>(loop_.get_executor(), *reloading_,
                                                   reception_.past(), *notice_, tasks_);
    const upgrading::parts with_all{.workers = *supervisor_,
                                    .turns = *reloading_,
                                    .past = reception_.past(),
                                    .tasks = tasks_,
                                    .from = estate_};
    upgrading_ = std::make_unique<upgrading>(with_all);
    if (left_open_)
        upgrading_->take_asker(*left_open_);
    pantry_ = std::make_unique<pantry>(*supervisor_, reception_, settings_);
    foyer_ = std::make_unique<foyer>(foyer::parts{.executor = loop_.get_executor(),
                                                  .poller = poller_,
                                                  .life = audience_,
                                                  .board = supervisor_->board(),
                                                  .settings = settings_,
                                                  .telemetry = telemetry_,
                                                  .goods = *pantry_});
    foyer_->open(reception_.place(), left_open_ ? &*left_open_ : nullptr);
    logs_ = std::make_unique<log_files>(*supervisor_);
    reception_.front_desk().add(*logs_);
    COHORT_TRY(const auto said, board::said_levels::open(supervisor_->board().commons()));
    levels_ = std::make_unique<log_levels>(*supervisor_, said);
    reception_.front_desk().add(*levels_);
    archive_ = std::make_unique<archive>(loop_.get_executor(), reception_.past());
    reception_.front_desk().add(*archive_);
    if (upkeep_ == upkeep::automatic) {
        reception_.front_desk().add(*transactions_);
        reception_.front_desk().add(*upgrading_);
    }
    return {};
}

result<board::segment> primary::open_board() const
{
    if (estate_ != nullptr) {
        COHORT_TRY(auto shared, duplicate(estate_->board.fd()));
        return board::segment::attach(std::move(shared));
    }
    board::segment::plan plan;
    plan.slots = board::slots_max;
    return board::segment::create(plan);
}

}  // namespace cohort::primary
