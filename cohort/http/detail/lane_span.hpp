#pragma once

#include <cohort/http/request_span.hpp>

namespace cohort::http::detail {

/// A cpu_bound handler waits for a place on a lane from now on. If the request's span is recorded,
/// that is a part of it, until the handler has run.
void lane_awaited(const request& of);

/// The handler runs there while this lives.
class lane_visit {
public:
    explicit lane_visit(const request& of) noexcept;
    lane_visit(const lane_visit&) = delete;
    lane_visit& operator=(const lane_visit&) = delete;
    ~lane_visit();

private:
    const traced* of_;
};

}  // namespace cohort::http::detail
