#!/usr/bin/env python3
"""Tests of tidy.py: each rule finds what it is for, and leaves alone what is allowed."""

import pathlib
import sys
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import tidy
import tidy_await
import tidy_rooms
from tidy_text import Source

TABLE = {"base": [], "async": ["base"], "http": ["base", "async"], "primary": ["base", "async"]}


def source(text: str, path: str = "cohort/http/session.cpp") -> Source:
    return Source(path, textwrap.dedent(text))


def awaits(text: str) -> int:
    return len(tidy_await.check_expressions(source(text)))


def words(text: str, path: str = "cohort/http/session.cpp") -> list[str]:
    return [problem.words for problem in tidy.check_words(source(text, path))]


class TextTest(unittest.TestCase):
    def test_comments_and_strings_do_not_count(self):
        self.assertEqual(words('// detached\nauto x = "detached"; /* std::cout */\n'), [])
        self.assertEqual(words('auto x = R"(fork() " detached)"; char c = \'"\';\n'), [])

    def test_digit_separators_begin_no_character(self):
        self.assertEqual(len(words("int x = 10'000'000; asio::detached; int y = 1'0;\n")), 1)

    def test_lines_keep_their_numbers(self):
        found = tidy.check_words(source("/* a\n b */\n\nasio::detached;\n"))
        self.assertEqual(found[0].line, 4)


class WordsTest(unittest.TestCase):
    def test_each_word_is_refused(self):
        for line in ["co_spawn(a, b, asio::detached);", "const int pid = ::fork();", "if (vfork())",
                     "return fork();", "posix_spawn(&pid, a);", "::waitpid(pid, 0, 0);",
                     "int x = ::dup(1);", "int x = std::stoi(text);", "x = atoi(text);",
                     "auto t = std::chrono::system_clock::now();", "auto t = ::time(nullptr);",
                     "auto t = wall_now();", "clock_gettime(CLOCK_REALTIME_COARSE, &t);",
                     "std::this_thread::sleep_for(1s);", "std::cout << 1;",
                     "try { f(); } catch (...) {}",
                     "struct a : std::enable_shared_from_this<a> {};",
                     "std::exit(1);"]:
            self.assertEqual(len(words(line + "\n")), 1, line)

    def test_names_that_only_look_alike_are_allowed(self):
        for line in ["result<worker_info> fork(fork_options options);", "cluster.fork();",
                     "result<> cluster::fork(int n)", "primary->fork();", "::_exit(1);",
                     "cluster.on_exit(f);", "auto t = now.time();", "duplicate(fd);", "dup2(1, 2);",
                     "awaitable<exit_reason> exit(int code);", "sleep_for(1s);", "~fork();",
                     "return fork(fork_options{});", "const auto who = fork(role);"]:
            self.assertEqual(words(line + "\n"), [], line)

    def test_the_room_that_answers_may_use_the_word(self):
        self.assertEqual(words("::fork();\n", "cohort/process/spawn.cpp"), [])
        self.assertEqual(words("system_clock::now();\n", "cohort/base/clock.cpp"), [])
        self.assertEqual(words("catch (...) {}\n", "cohort/http/handler.cpp"), [])
        self.assertEqual(words("exit(1);\n", "examples/01_hello/main.cpp"), [])

    def test_locks_are_refused_on_the_board_only(self):
        self.assertEqual(len(words("std::mutex m;\n", "cohort/board/segment.hpp")), 1)
        self.assertEqual(words("std::mutex m;\n", "cohort/async/lanes.cpp"), [])

    def test_an_endless_loop_that_awaits_is_refused(self):
        self.assertEqual(len(words("while (true) {\n co_await f();\n}\n")), 1)
        self.assertEqual(words("while (true) {\n f();\n}\nco_await g();\n"), [])


class AwaitTest(unittest.TestCase):
    def test_the_forms_that_gcc_miscompiles_are_found(self):
        for line in ["co_await f(agg{s});", "co_await f({s});", "co_await f(agg{.a = s});",
                     "agg x{co_await f()};", "v.push_back(agg{co_await f()});",
                     "co_return agg{co_await f()};", "auto x = c ? co_await f() : g();",
                     "auto x = co_await f(c ? a : b);", "co_await f([s] { return s; }, token);",
                     "co_await f([&a, b = std::move(c)](int) mutable { return b; });",
                     "co_spawn(co_await asio::this_coro::executor, [s] { g(s); }, token);",
                     "COHORT_CO_TRY(auto x, co_await f({a, b}));", "if (co_await f(agg{s})) {\n}"]:
            for before in ["", "a();\n", "if (b) {\n}\n", "{\n"]:
                self.assertEqual(awaits(before + line + "\n"), 1, before + line)

    def test_the_forms_that_are_fine_stay_fine(self):
        for line in ["co_await sleep_for(std::chrono::milliseconds{1});",
                     "co_await f(std::string{view}, a);",
                     "auto [ec, n] = co_await f(a, b[0]);", "co_await f(std::move(x));",
                     "auto x = co_await f([](int a) { return agg{a}; });",
                     "auto x = co_await f([&] { return c ? a : b; });",
                     "co_await f([this](int a) { return a; });",
                     "while (!stopped(stop)) {\n x = {1};\n co_await f();\n y = c ? a : b;\n}",
                     "for (auto& x : co_await f()) {\n g(agg{x});\n}",
                     "if (co_await f()) {\n g(agg{x});\n}",
                     "switch (co_await f()) {\n case a: {\n g(agg{x});\n }\n}",
                     "agg x{s};\nco_await f(std::move(x));", "g(agg{s});\nco_await f();",
                     "co_await f();\ng(agg{s});", "[[maybe_unused]] auto x = co_await f();",
                     "auto x = co_await f();\nconst int y = c ? x : 0;",
                     "scope.spawn([](int a) -> awaitable<> {\n co_await f(a);\n}(agg{1}));",
                     "case a:\n co_await f();\n break;", "COHORT_CO_TRY(auto x, co_await f(a));"]:
            for before in ["", "auto v = agg{1};\n", "if (b) {\n}\n", "awaitable<> f()\n{\n"]:
                self.assertEqual(awaits(before + line + "\n"), 0, before + line)

    def test_a_capturing_lambda_is_no_coroutine(self):
        def lambdas(text):
            return len(tidy_await.check_lambdas(source(text)))

        self.assertEqual(lambdas("f([x]() -> awaitable<> { co_await g(x); });\n"), 1)
        self.assertEqual(lambdas("f([&] { co_return; });\n"), 1)
        self.assertEqual(lambdas("f([](int x) -> awaitable<> { co_await g(x); });\n"), 0)
        self.assertEqual(lambdas("f([x] { return [](int y) -> task { co_return y; }; });\n"), 0)
        self.assertEqual(lambdas("int y = a[i]; auto [p, q] = co_await g();\n"), 0)


class RoomsTest(unittest.TestCase):
    def test_includes_go_downwards_only(self):
        def includes(text, path):
            return len(tidy_rooms.check_includes(source(text, path), TABLE))

        self.assertEqual(includes("#include <cohort/async/scope.hpp>\n", "cohort/http/a.cpp"), 0)
        self.assertEqual(includes("#include <cohort/http/a.hpp>\n", "cohort/async/a.cpp"), 1)
        self.assertEqual(includes("#include <cohort/http/a.hpp>\n", "cohort/primary/a.cpp"), 1)
        self.assertEqual(includes("#include <cohort/cohort.hpp>\n", "cohort/http/a.cpp"), 1)
        self.assertEqual(includes("#include <cohort/http/a.hpp>\n", "cohort/cohort.hpp"), 0)
        self.assertEqual(includes('#include "a.hpp"\n', "cohort/http/a.cpp"), 1)

    def test_detail_is_closed_to_others(self):
        line = "#include <cohort/async/detail/a.hpp>\n"
        self.assertTrue(tidy_rooms.check_includes(source(line, "cohort/http/a.cpp"), TABLE))
        self.assertFalse(tidy_rooms.check_includes(source(line, "cohort/async/a.cpp"), TABLE))
        self.assertTrue(tidy_rooms.check_includes(source(line, "tests/fault/a.cpp"), TABLE))

    def test_both_tables_are_read(self):
        cmake = "# cohort_room(x)\ncohort_room(base)\ncohort_room(async base)\n"
        self.assertEqual(tidy_rooms.read_table(cmake), {"base": [], "async": ["base"]})
        shown = ("## Who may include whom\n\n| room | may |\n|---|---|\n"
                 "| base | |\n| a, b | base |\n")
        self.assertEqual(tidy_rooms.read_shown_table(shown),
                         {"base": [], "a": ["base"], "b": ["base"]})


class LimitsTest(unittest.TestCase):
    def test_lines_columns_and_functions_have_limits(self):
        def limits(text):
            return len(tidy.check_limits(source(text)))

        self.assertEqual(limits("int x;\n" * 400), 0)
        self.assertEqual(limits("int x;\n" * 401), 1)
        self.assertEqual(limits("x" * 101 + "\n"), 1)
        self.assertEqual(limits("void f()\n{\n" + "    g();\n" * 70 + "}\n"), 0)
        self.assertEqual(limits("void f()\n{\n" + "    g();\n" * 71 + "}\n"), 1)

    def test_a_todo_names_its_issue(self):
        todo = "// TO" + "DO"
        self.assertEqual(len(tidy.check_limits(source(f"{todo} later\n"))), 1)
        self.assertEqual(tidy.check_limits(source(f"{todo} #12 later\n")), [])


class HeaderTest(unittest.TestCase):
    def header(self, text):
        return len(tidy.check_header(source(text, "cohort/http/a.hpp")))

    def test_a_header_begins_with_pragma_once(self):
        self.assertEqual(self.header("#pragma once\n"), 0)
        self.assertEqual(self.header("int x;\n"), 1)
        self.assertEqual(self.header("#pragma once\n#pragma once\n"), 1)

    def test_a_class_says_what_it_is(self):
        def body(text):
            return self.header("#pragma once\nnamespace cohort {\n" + text +
                               "}  // namespace cohort\n")

        self.assertEqual(body("/// A thing.\nclass a {\n};\n"), 0)
        self.assertEqual(body("class a {\n};\n"), 1)
        self.assertEqual(body("/// A thing.\ntemplate <class T>\nclass a {\n};\n"), 0)
        self.assertEqual(body("class a;\nstruct b;\n"), 0)
        self.assertEqual(body("\nstruct a {\n};\n"), 1)
        self.assertEqual(body("namespace detail {\nclass a {\n};\n}  // namespace detail\n"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
