#pragma once
// The HTTP kit: all that a program includes to answer requests.

#include <cohort/async/offload.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/openapi/serve_openapi.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/topics/events.hpp>
#include <cohort/http/topics/long_poll.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>
