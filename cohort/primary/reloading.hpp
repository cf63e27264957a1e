#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/config/difference.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/generation.hpp>
#include <cohort/primary/rolling.hpp>
#include <cohort/primary/supervisor.hpp>
#include <cohort/primary/usher.hpp>
#include <cohort/primary/watch.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::primary {

/// How a reload ended, for who asked for it. A value.
struct reload_report {
    roll_end end = roll_end::unchanged;
    bool refused = false;          ///< another one is under way, or the cohort is stopping
    bool invalid = false;          ///< the settings are: nothing was even begun
    std::string reason;            ///< in words; empty if all went well
    std::uint32_t generation = 0;  ///< that serves now
    std::uint32_t workers = 0;     ///< of it
    /// Answers of the new generation that the rules could judge; nothing: it was not watched.
    std::optional<std::uint64_t> answers_judged;
    nanoseconds took{0};
};

/// Replaces one generation by another, as a transaction: either all workers are new in the end, or
/// all are old, and whoever asked hears which, and why. A resource; one reload at a time.
class reloading {
public:
    using progress = std::function<void(std::string_view)>;
    /// The settings as a start would find them now; for cohorts whose workers are another program.
    using reader = std::move_only_function<result<config::settings>()>;

    reloading(supervisor& of, reader read_settings);

    /// From what lies on disk now. Cancel: total; what was begun is put back by the next primary.
    [[nodiscard]] awaitable<reload_report> reload(progress tell);
    /// Back to the generation before this one, without asking the disk.
    [[nodiscard]] awaitable<reload_report> roll_back(progress tell);

    /// What a reload would change, without changing it.
    /// Errors: errc::bad_value, the settings are invalid; errc::queue_full, a reload is under way;
    /// those of starting the program. Cancel: total.
    [[nodiscard]] awaitable<result<config::difference>> look_ahead();

    /// Files that nobody can bring back, because they are read by their names: paths.
    [[nodiscard]] std::vector<std::string> not_held() const;
    /// Workers are being replaced: nobody else may change their number, or empty seats.
    [[nodiscard]] bool busy() const noexcept { return busy_; }
    /// They are, but only because a primary died in the middle of it.
    [[nodiscard]] bool mending() const noexcept { return mending_; }
    /// Whether reload() would be refused now.
    [[nodiscard]] bool refuses() const noexcept { return busy_ || of_.retiring(); }
    /// Nobody else replaces workers from now on; whoever is at it finishes first. Then end_turn().
    /// Errors: errc::queue_full; errc::stopping; those of usher::until(): in words, as the subject.
    [[nodiscard]] awaitable<result<>> take_turn();
    void end_turn() noexcept { busy_ = false; }

    /// A program that could go on in the primary's place. A resource.
    struct candidate {
        unique_fd binary;
        std::string path;
        std::string version;
    };
    /// What lies on disk now, started on trial and ended again.
    /// Errors: errc::bad_value, its settings are invalid, or take a restart; errc::deadline_passed;
    /// errc::answer_failed, it does not start, or is of a build that cannot go on here.
    /// Order: between take_turn() and end_turn().
    [[nodiscard]] awaitable<result<candidate>> try_out(nanoseconds patience);

    /// Sees to it that the current generation has its mold. For as long as there is a primary.
    [[nodiscard]] awaitable<> keep_mold();
    /// After the death of a primary in the middle of a reload: every worker is of the current
    /// generation again, and there are as many as are wanted.
    [[nodiscard]] awaitable<> put_right();

private:
    enum class source : std::uint8_t { disk, previous };

    [[nodiscard]] awaitable<reload_report> run(source from, progress tell);
    [[nodiscard]] awaitable<result<>> carry_out(roll_order what);
    [[nodiscard]] awaitable<result<>> prepare();
    [[nodiscard]] result<> prepare_program();
    [[nodiscard]] awaitable<result<>> prepare_own();
    /// nothing: as a program that is executed in our place will find things.
    enum class told : std::uint8_t { nothing, known_variables };
    [[nodiscard]] result<std::shared_ptr<mold>> begin_mold(const unique_fd& binary,
                                                           told what = told::known_variables) const;
    [[nodiscard]] result<> check(const config::settings& wanted) const;
    [[nodiscard]] std::string hindrance(source from) const;
    [[nodiscard]] awaitable<> conclude(reload_report& report, config::worker_count before);
    [[nodiscard]] std::uint32_t next_number();
    [[nodiscard]] unsigned wanted_after(config::worker_count before) const;
    [[nodiscard]] awaitable<result<>> fit_number(config::worker_count before);
    [[nodiscard]] awaitable<result<>> add_extra();
    [[nodiscard]] awaitable<result<>> remove_extra();
    [[nodiscard]] awaitable<result<>> soak();
    [[nodiscard]] awaitable<result<>> replace(std::uint32_t slot, generation_ptr by);
    [[nodiscard]] awaitable<result<>> seat_at(std::uint32_t slot, generation_ptr by);
    [[nodiscard]] awaitable<result<>> until_alone();
    [[nodiscard]] result<> judge() const;
    /// What the workers of a generation, or of all others, did since the watch began.
    enum class whose : std::uint8_t { fresh, old };
    [[nodiscard]] conduct conduct_of(whose which) const;
    void begin_watch();
    void commit();

    supervisor& of_;
    usher seats_;
    reader read_settings_;
    bool busy_ = false;
    bool mending_ = false;
    std::uint32_t last_number_ = 1;

    // Of the reload that is under way.
    source from_ = source::disk;
    progress tell_;
    generation_ptr next_;
    std::vector<std::uint32_t> extras_;
    std::vector<std::uint32_t> replaced_;
    std::map<std::uint32_t, board::answer_counts> before_;  // by slot
    bool invalid_ = false;
};

}  // namespace cohort::primary
