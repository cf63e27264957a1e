#pragma once
// For programs that test themselves.

#include <cohort/testing/fake_clock.hpp>
#include <cohort/testing/log_recorder.hpp>
#include <cohort/testing/test_answer.hpp>
#include <cohort/testing/test_app.hpp>
#include <cohort/testing/websocket_client.hpp>
#include <cohort/testing/witness.hpp>
#include <cohort/testing/witness_api.hpp>
