#pragma once
// The cluster by itself: for programs with a protocol or an HTTP library of their own.

#include <cohort/app/cluster.hpp>
#include <cohort/app/listener.hpp>
#include <cohort/app/message_span.hpp>
#include <cohort/app/settings.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/async/offload.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/observe/logger.hpp>
#include <cohort/observe/traced.hpp>
