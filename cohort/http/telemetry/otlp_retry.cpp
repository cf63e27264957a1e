#include <cohort/http/telemetry/otlp_retry.hpp>

namespace cohort::http {

otlp_retry::verdict otlp_retry::answered(unsigned status,
                                         std::optional<nanoseconds> retry_after) noexcept
{
    if (status >= 200 && status < 300)
        return {then::done};
    if (status != 429 && status != 502 && status != 503 && status != 504)
        return {then::drop};
    const nanoseconds ours = pauses_.next();
    return {then::again, retry_after.value_or(ours)};
}

otlp_retry::verdict otlp_retry::failed(const error_code& why) noexcept
{
    // Reasons of our own are about the request or its answer; all others about the way there.
    const bool is_ours = why.category() == make_error_code(errc::malformed).category();
    const bool may_pass = why == errc::channel_closed || why == errc::deadline_passed;
    if (is_ours && !may_pass)
        return {then::drop};
    return {then::again, pauses_.next()};
}

}  // namespace cohort::http
