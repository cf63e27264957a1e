#pragma once
// A reload as a list of errands, each of which may fail. No clock, no process, no socket: who runs
// the errands says how the last one went and hears which is next, so that every way a reload can
// go is walked in microseconds.
//
//   prepare ─▶ add_extra… ─▶ soak ─▶ replace… ─▶ commit ─▶ remove_extra… ─▶ finish: replaced
//      │           │          │         │
//      ▼           ▼          ▼         ▼
//   finish:     remove_extra… ◀───── put_back… (newest first)
//   unchanged       └─▶ finish: rolled_back, or degraded where something could not be put back

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::primary {

enum class errand : std::uint8_t {
    prepare,       ///< The new generation exists, its settings are read; nobody serves by it yet.
    add_extra,     ///< One worker of it more than wanted: first the canary, then the reserve.
    soak,          ///< It serves for a while, and is watched.
    replace,       ///< A slot's worker leaves, one of the new generation comes in its place.
    commit,        ///< New is what slots get from now on.
    put_back,      ///< A slot's worker leaves, one of the old generation comes in its place.
    remove_extra,  ///< One of those leaves.
    finish,
};

/// How a reload ended.
enum class roll_end : std::uint8_t {
    replaced,     ///< All workers are new.
    unchanged,    ///< It failed before anything was touched.
    rolled_back,  ///< It failed, and all workers are old.
    degraded,     ///< It failed, and not all could be put back.
    half_way,     ///< It failed, and was told not to put anything back.
};

struct roll_order {
    errand what = errand::prepare;
    std::uint32_t slot = 0;              ///< of replace and put_back
    roll_end end = roll_end::unchanged;  ///< of finish
    friend bool operator==(const roll_order&, const roll_order&) = default;
};

/// A value.
class rolling {
public:
    struct plan {
        std::vector<std::uint32_t> slots;  ///< in the order in which they are replaced
        unsigned extras = 1;               ///< at least 1
        bool soaks = true;
        bool puts_back = true;
    };
    enum class outcome : std::uint8_t { well, badly };

    explicit rolling(plan what)
        : plan_{std::move(what)}
    {}

    [[nodiscard]] roll_order now() const;
    /// How the errand of now() went. Order: not after finish.
    void done(outcome how);

private:
    enum class stage : std::uint8_t {
        preparing,
        adding,
        soaking,
        replacing,
        committing,
        putting_back,
        clearing,
        over
    };
    void back_out();
    void clear_or_end(roll_end end);

    plan plan_;
    stage stage_ = stage::preparing;
    std::size_t at_ = 0;       // of plan_.slots
    std::size_t touched_ = 0;  // slots that were begun
    unsigned extras_ = 0;      // that are there, or half there
    roll_end end_ = roll_end::unchanged;
};

[[nodiscard]] constexpr const char* name(roll_end e) noexcept
{
    switch (e) {
        case roll_end::replaced:
            return "replaced";
        case roll_end::unchanged:
            return "unchanged";
        case roll_end::rolled_back:
            return "rolled_back";
        case roll_end::degraded:
            return "degraded";
        case roll_end::half_way:
            return "half_way";
    }
    return "unknown";
}

}  // namespace cohort::primary
