#pragma once
// For programs that test themselves.

#include <cohort/testing/test_answer.hpp>
#include <cohort/testing/test_app.hpp>
#include <cohort/testing/witness.hpp>
#include <cohort/testing/witness_api.hpp>
