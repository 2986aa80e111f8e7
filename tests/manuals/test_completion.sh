#!/bin/bash
# Bash completion of thaw: test_completion.sh THAW COMPLETION
set -u
PATH=$(dirname "$1"):$PATH
# shellcheck source=/dev/null
. "$2"
failed=0

# expect WORDS... -- EXPECTED...: each of EXPECTED is offered for the last of WORDS, and so is
# nothing that begins otherwise.
expect() {
    local wanted
    COMP_WORDS=()
    while [ "$1" != -- ]; do COMP_WORDS+=("$1"); shift; done
    shift
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _thaw
    for wanted in "$@"; do
        case " ${COMPREPLY[*]-} " in *" $wanted "*) continue ;; esac
        echo "FAILED: \"${COMP_WORDS[*]}\": expected $wanted in: ${COMPREPLY[*]-}"
        failed=1
    done
    if [ $# -eq 0 ] && [ ${#COMPREPLY[@]} -gt 0 ]; then
        echo "FAILED: \"${COMP_WORDS[*]}\": expected nothing, found: ${COMPREPLY[*]}"
        failed=1
    fi
}

[ "$(complete -p thaw)" = "complete -o filenames -F _thaw thaw" ] || { echo "FAILED: thaw has no completion"; failed=1; }
# shellcheck disable=SC2046
expect thaw '' -- help --help $("$1" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
expect thaw ta -- tail
expect thaw zz --
expect thaw help ex -- explain expr
# Each option that --help shows is offered, for each verb.
for verb in $("$1" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'); do
    # shellcheck disable=SC2046
    expect thaw "$verb" - -- $("$1" "$verb" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | tr -d ',')
done
expect thaw incidents --kind re -- release retraction
expect thaw events -k '' -- sanction tally
expect thaw pub --format '' -- json msgpack auto
expect thaw tail --count '' --
expect thaw events --follow '' --
# shellcheck disable=SC2046
expect thaw import '' -- ofac $("$1" import --help | sed -n '1s/.*\] \([a-z|]*\) FILE.*/\1/p' | tr '|' ' ')
expect thaw rules ch -- check
expect thaw rules test - -- --only --json
expect thaw rules test --only '' --
expect thaw backtest --clock '' -- reported wall
expect thaw backtest --from jo -- journal
cd "$(dirname "$2")" && expect thaw pub tha -- thaw && expect thaw backtest --against tha -- thaw && expect thaw journal -s tha -- thaw
exit $failed
