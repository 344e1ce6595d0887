# Shared by the scripts that run suites and count them: test and soak; sourced after lib.sh, not run.
# Whoever sources it sets `report`, the JUnit file of its nextest profile, and defines
# `limited CMD…`, which runs CMD for as long as it may.
# shellcheck shell=bash disable=SC2154

# Each suite sets `passed` and `failed`.

# A suite that either holds or does not.
check() {
    if limited "$@"; then passed=1; else failed=1; fi
}

# attribute NAME TAG: the number that the XML tag gives for NAME, 0 without one.
attribute() {
    local number
    number=$(sed --quiet "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$2")
    echo "${number:-0}"
}

# A run of cargo-nextest, counted from the JUnit file it writes. Tests that ran out of time are
# failures there; a run that ended without counting a failure (it did not compile) is one.
nextest() {
    local header tests status
    rm -f "$report"
    limited "$@"
    status=$?
    header=$(grep --max-count=1 '<testsuites ' "$report" 2>/dev/null)
    tests=$(attribute tests "$header")
    failed=$(($(attribute failures "$header") + $(attribute errors "$header")))
    passed=$((tests - failed))
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
}

table=() all_passed=0 all_failed=0

# run NAME COMMAND…: runs it under a headline and adds its counts up.
run() {
    local name=$1 start=$SECONDS
    shift
    passed=0 failed=0
    printf '\n== %s\n' "$name"
    "$@"
    all_passed=$((all_passed + passed))
    all_failed=$((all_failed + failed))
    table+=("$(printf '%-22s %7d %7d %8d' "$name" "$passed" "$failed" "$((SECONDS - start))")")
}

# What became of the suites, and last of all the line `N passed, N failed`.
print_table() {
    printf '\n%-22s %7s %7s %8s\n' suite passed failed seconds
    printf '%s\n' "${table[@]}"
    echo
    echo "$all_passed passed, $all_failed failed"
}
