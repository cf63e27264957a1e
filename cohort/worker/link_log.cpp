// What a worker does about its log by word of the primary.

#include <cohort/worker/link.hpp>

#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>

#include <string>
#include <utility>

namespace cohort::work {

void link::take_level(const ipc::envelope& what)
{
    if (what.is(ipc::flags::request)) {
        auto reply = ipc::answer_to(what);
        reply.body = log::name(log::least_level());
        post(std::move(reply));
    } else if (const auto level = log::parse_level(what.body)) {
        log::set_level(*level);
    } else {
        log::warn("{}; going on as before", level.error().text());
    }
}

/// The answer says which turn it was, so that an old one does not count for a later one.
void link::take_log(ipc::envelope&& what)
{
    if (what.cargo.size() != 1)
        return malformed(fault(make_error_code(errc::malformed), "read the log's file"));
    if (const auto taken = log::replace_file(std::move(what.cargo.front())); taken)
        post(ipc::letter(ipc::kind::log_file, std::move(what.body)));
    else
        log::warn("{}; going on in the one before", taken.error().text());
}

}  // namespace cohort::work
