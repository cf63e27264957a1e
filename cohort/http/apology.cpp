#include <cohort/http/apology.hpp>

#include <cohort/http/problem.hpp>
#include <cohort/http/status.hpp>

#include <string_view>

namespace cohort::http {

response apology(poison_entry::reason why)
{
    using reason = poison_entry::reason;
    std::string_view title = "The outcome is unknown";
    std::string_view detail =
        "the process that ran this request died; it may have been done, in part or whole, or not";
    if (why == reason::killed_often) {
        detail = "the processes that ran this request died, too many of them one after another";
    } else if (why == reason::poison) {
        title = "The request ends the processes that run it";
        detail = "it was running at the death of several";
    } else if (why == reason::quarantined) {
        title = "Requests like this one are in quarantine";
        detail = "they ended the processes that ran them";
    }
    status_code status = 500;
    bool soon = why == reason::outcome_unknown || why == reason::killed_often;
    if (why == reason::on_trial) {
        status = 503;
        soon = true;
        title = "A request like this one has ended a process";
        detail = "others wait until one of them has been answered";
    }
    response words = problem(status, title, detail);
    words.header("Retry-After", soon ? "1" : "60");
    return words;
}

}  // namespace cohort::http
