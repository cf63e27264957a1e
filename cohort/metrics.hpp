#pragma once
// Numbers that a program counts, and reading and showing those of the whole cohort.

#include <cohort/observe/exposition.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/metrics.hpp>
