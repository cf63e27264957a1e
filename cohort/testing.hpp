#pragma once
// For programs that test themselves.

#include <cohort/testing/test_answer.hpp>
#include <cohort/testing/test_app.hpp>
