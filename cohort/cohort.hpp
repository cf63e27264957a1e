#pragma once
// Everything that a served application includes.

#include <cohort/app.hpp>
#include <cohort/app/serve.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
