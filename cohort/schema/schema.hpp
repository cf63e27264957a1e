#pragma once
// All that a program includes to describe its data.

#include <cohort/schema/alternatives.hpp>
#include <cohort/schema/choice.hpp>
#include <cohort/schema/documented.hpp>
#include <cohort/schema/inferred.hpp>
#include <cohort/schema/list.hpp>
#include <cohort/schema/mistake.hpp>
#include <cohort/schema/nullable.hpp>
#include <cohort/schema/number.hpp>
#include <cohort/schema/object.hpp>
#include <cohort/schema/text.hpp>
#include <cohort/schema/type.hpp>
