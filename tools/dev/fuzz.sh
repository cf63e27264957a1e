# Sourced by ./dev: libFuzzer over every parser of outside bytes.

# fuzz [target|all] [seconds]: new findings stay in build/fuzz/<target>; what is worth keeping is
# merged into tests/corpus/<target> by hand (-merge=1), so that the corpus stays small.
dev_fuzz() {
    local target=${1:-all} seconds=${2:-60}
    need base test fuzz
    mkdir -p build
    configure Fuzz
    if [ "$target" = all ]; then
        make_targets Fuzz
        for program in build/Fuzz/fuzz/*_fuzz; do
            fuzz_one "$(basename "$program")" "$seconds"
        done
        return
    fi
    [[ $target == *_fuzz ]] || target+=_fuzz
    make_targets Fuzz "$target"
    fuzz_one "$target" "$seconds"
}

fuzz_one() {
    local target=$1 seconds=$2 log status=0
    local corpus="tests/corpus/$target"
    local found="build/fuzz/$target"
    mkdir -p "$found"
    local folders=("$found")
    [ -d "$corpus" ] && folders+=("$corpus")
    log="$found.log"
    say "$target for $seconds s"
    "build/Fuzz/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$found-" "${folders[@]}" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 60 "$log" >&2
        give_up "$target found something: see $found-*"
    fi
    awk -v name="$target" '/number_of_executed_units/ {n = $2} /average_exec_per_sec/ {r = $2}
        END {printf "dev: %s: %d runs, %d a second, nothing found\n", name, n, r}' "$log" >&2
}
