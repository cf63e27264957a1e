#include <cohort/http/middleware/request_measure.hpp>

#include <cohort/http/request_began.hpp>

#include <optional>
#include <utility>

namespace cohort::http {

hooks on_request_measured(measure_observer observer)
{
    return {.name = "request_measure",
            .before = [](request& of) -> std::optional<response> {
                request_began(of);
                return std::nullopt;
            },
            .after =
                [observer = std::move(observer)](const request& of, response& answer) {
                    observer({.method = of.method(),
                              .route = of.pattern(),
                              .status_class = answer.status() / 100,
                              .took = time_since_began(of).value_or(nanoseconds{0}),
                              .request_bytes = of.body().size()});
                }};
}

}  // namespace cohort::http
