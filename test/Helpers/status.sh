#!/bin/sh
# status.sh N COMMAND...: runs the command; succeeds where it exits with status N, and it alone.
expected=$1
shift
"$@"
status=$?
[ "$status" -eq "$expected" ] || { echo "expected exit status $expected, found $status: $*"; exit 1; }
