#include <cohort/primary/rolling.hpp>

#include <cohort/base/assert.hpp>

namespace cohort::primary {

roll_order rolling::now() const
{
    switch (stage_) {
        case stage::preparing:
            return {.what = errand::prepare};
        case stage::adding:
            return {.what = errand::add_extra};
        case stage::soaking:
            return {.what = errand::soak};
        case stage::replacing:
            return {.what = errand::replace, .slot = plan_.slots[at_]};
        case stage::committing:
            return {.what = errand::commit};
        case stage::putting_back:
            return {.what = errand::put_back, .slot = plan_.slots[at_]};
        case stage::clearing:
            return {.what = errand::remove_extra};
        case stage::over:
            break;
    }
    return {.what = errand::finish, .end = end_};
}

void rolling::done(outcome how)
{
    COHORT_ASSERT(stage_ != stage::over);
    const bool well = how == outcome::well;
    switch (stage_) {
        case stage::preparing:
            stage_ = well ? stage::adding : stage::over;
            break;
        case stage::adding:
            ++extras_;
            if (!well)
                back_out();
            else if (extras_ >= plan_.extras)
                stage_ = plan_.soaks ? stage::soaking : stage::replacing;
            break;
        case stage::soaking:
            if (well)
                stage_ = stage::replacing;
            else
                back_out();
            break;
        case stage::replacing:
            touched_ = at_ + 1;
            if (!well)
                back_out();
            else if (++at_ == plan_.slots.size())
                stage_ = stage::committing;
            break;
        case stage::committing:
            clear_or_end(roll_end::replaced);
            break;
        case stage::putting_back:
            if (!well)
                end_ = roll_end::degraded;
            if (at_ == 0)
                clear_or_end(end_);
            else
                --at_;
            break;
        case stage::clearing:
            // An extra that does not go is not worth more than a line in the log.
            if (--extras_ == 0)
                stage_ = stage::over;
            break;
        case stage::over:
            break;
    }
    if (stage_ == stage::replacing && plan_.slots.empty())
        stage_ = stage::committing;
}

void rolling::back_out()
{
    end_ = roll_end::rolled_back;
    if (touched_ == 0) {
        clear_or_end(roll_end::rolled_back);
    } else if (!plan_.puts_back) {
        clear_or_end(roll_end::half_way);
    } else {
        stage_ = stage::putting_back;
        at_ = touched_ - 1;
    }
}

void rolling::clear_or_end(roll_end end)
{
    end_ = end;
    stage_ = extras_ > 0 ? stage::clearing : stage::over;
}

}  // namespace cohort::primary
