#pragma once

#include <cohort/http/request_span.hpp>
#include <cohort/http/response.hpp>
#include <cohort/observe/span.hpp>

#include <optional>

namespace cohort::http::detail {

/// A cpu_bound handler waits for a place on a lane from now on. If the request's span is recorded,
/// that is a part of it, until the handler has run.
void lane_awaited(const request& of);

/// A handler runs while this lives, without what middleware does before and after it: a part of the
/// request's span, if tracing() was asked for that; on a lane, a part of the wait for the lane.
class handler_visit {
public:
    explicit handler_visit(const request& of) noexcept;
    handler_visit(const handler_visit&) = delete;
    handler_visit& operator=(const handler_visit&) = delete;
    ~handler_visit();

    /// What it has come to.
    void answered(const response& by);

private:
    const traced* of_;
    std::optional<observe::span> own_;
};

}  // namespace cohort::http::detail
