#pragma once
// Everything that a served application includes.

#include <cohort/app.hpp>
#include <cohort/app/serve.hpp>
#include <cohort/http.hpp>
