#!/bin/sh
# Run dieharder over one stream of draws: scripts/battery/run.sh windows|entities|levels RESULTS [SEED]
#
# Every test of `dieharder -a` in its order, on one continuous stream, with two exceptions: the sums test (14),
# which dieharder itself marks "do not use", and the lagged sums (203), which alone would read 224 GB and are
# taken at seven of their 33 lags. LAGS="0 1 2 ... 32" runs them all.
set -eu
here=$(dirname "$0")
stream=$1
results=$2
seed=${3:-42}
python=${PYTHON:-python}
lags=${LAGS:-0 1 2 3 7 15 31}
run() { dieharder -g 200 -D test_name -D ntuple -D tsamples -D psamples -D pvalues -D assessment "$@"; }

{ uname -mr; "$python" -c 'import numpy; print("numpy", numpy.__version__)'; dieharder -h | grep -o 'version [0-9.]*'; } >"$results"
"$python" "$here/stream.py" "$stream" "$seed" | {
    for test in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 15 16 17 100 101 102; do run -d $test; done
    for bits in 1 2 3 4 5 6 7 8 9 10 11 12; do run -d 200 -n $bits; done
    for points in 2 3 4 5; do run -d 201 -n $points; done
    for length in 2 3 4 5; do run -d 202 -n $length; done
    for lag in $lags; do run -d 203 -n "$lag"; done
    for test in 204 205 206 207 208 209; do run -d $test; done
} >>"$results"
