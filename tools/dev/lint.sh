# Sourced by ./dev: what reads the source.

our_sources() {
    git ls-files --cached --others --exclude-standard \
        'cohort/*.[ch]pp' 'tests/*.[ch]pp' 'examples/*.[ch]pp' 'bench/*.[ch]pp' |
        while read -r file; do [ -f "$file" ] && echo "$file"; done
}

dev_fmt() {
    need lint
    our_sources | xargs clang-format-19 -i
}

# All four say what they have to say; one of them failing is enough. LINT_TESTS=1 lets clang-tidy
# read the tests too, which doubles its time.
dev_lint() {
    need base test lint
    mkdir -p build
    configure Release "${everything[@]}"
    local failed=()
    lint_format || failed+=(clang-format)
    python3 tools/tidy.py || failed+=(tidy.py)
    lint_shell || failed+=(shell)
    lint_cppcheck || failed+=(cppcheck)
    make_targets Release cohort_headers || failed+=("headers that do not compile alone")
    python3 tools/clang_tidy.py --jobs "$jobs" ${LINT_TESTS:+--tests} build/Release ||
        failed+=(clang-tidy)
    if [ ${#failed[@]} -gt 0 ]; then
        say "lint: ${failed[*]}"
        return 1
    fi
    say "lint: clean"
}

lint_format() { our_sources | xargs clang-format-19 --dry-run -Werror; }

lint_shell() {
    local script status=0
    for script in dev .ci/run tools/dev/*.sh; do
        bash -n "$script" || status=1
    done
    return "$status"
}

# cppcheck is not given Boost's headers: it would read them for each file, and what it finds in our
# own lines does not need them. Of C++23 it knows little, so files that it cannot parse are left to
# clang-tidy, and tools/cppcheck.txt says what it gets wrong.
lint_cppcheck() {
    mkdir -p build/cppcheck
    cppcheck --quiet --error-exitcode=1 --std=c++20 --language=c++ -j "$jobs" \
        --enable=warning,portability --inline-suppr --max-configs=2 \
        --suppressions-list=tools/cppcheck.txt --cppcheck-build-dir=build/cppcheck \
        -I . cohort examples
}
