#include <cohort/app/survival_counts.hpp>

namespace cohort {

survival_counts& survival_counts::here()
{
    using metrics::counter;
    static survival_counts all{
        .adopted = counter("cohort_connections_adopted_total",
                           "Connections of dead workers, by what their successors did with them",
                           {"rule"}),
        .poisoned = counter("cohort_http_requests_not_run_total",
                            "Requests that were refused since one like them had ended a worker",
                            {"reason"}),
        .replayed = counter("cohort_http_requests_replayed_total",
                            "Requests that were run again since a worker died over them"),
        .handed_over = counter("cohort_connections_handed_over_total",
                               "Connections that workers gave to others, who served on"),
        .taken_over = counter("cohort_connections_taken_over_total",
                              "Connections that workers got from others, and served on")};
    return all;
}

}  // namespace cohort
