#include <cohort/primary/reload_trace.hpp>

#include <cohort/observe/tracer.hpp>

#include <string>

namespace cohort::primary {

namespace {

const char* name_of(errand what) noexcept
{
    switch (what) {
        case errand::prepare:
            return "prepare";
        case errand::add_extra:
            return "canary";
        case errand::soak:
            return "soak";
        case errand::replace:
            return "replace";
        case errand::commit:
            return "commit";
        case errand::put_back:
            return "put back";
        case errand::remove_extra:
            return "remove canary";
        case errand::finish:
            break;
    }
    return "finish";
}

}  // namespace

reload_trace::reload_trace(literal name, std::uint32_t generation)
    : whole_{observe::tracer::here().begin({.name = std::string{name.text}, .is_rare = true})}
{
    whole_.set("cohort.generation.before", generation);
}

observe::span reload_trace::step(const roll_order& what) const
{
    observe::span one = whole_.child(name_of(what.what));
    if (what.what == errand::replace || what.what == errand::put_back)
        one.set("cohort.slot", what.slot);
    return one;
}

void reload_trace::ended(roll_end how, std::uint32_t generation, std::string_view reason)
{
    whole_.set("cohort.generation.after", generation).set("cohort.reload.end", name(how));
    if (how != roll_end::replaced)
        whole_.fail(reason);
    whole_.end();
}

}  // namespace cohort::primary
