#!/bin/bash
# On the GPU machine, beside what pack.mjs put there: run.sh RESULTS. Eight minutes on an H200. torch and transformers are measured where python3,
# or what ARGSEARCH_PYTHON names, has them.
set -u
out=$(realpath -m "$1")
mkdir -p "$out"
cd "$(dirname "$0")"
export PATH=$PWD/tools:$PATH
# Files of one program each know no other to try a GPU in.
export ARGSEARCH_GPU_TRIAL=off
speed="timeout 230 node bin/speed.mjs --gpu vulkan --types 7b-q4_0 --prefix 200 --tokens 24"
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
timeout 150 node bin/tokens.mjs > "$out/tokens.log" 2>&1
$speed --k 10 --slots 1,4,16 --rounds 5 --out "$out/speed" > "$out/speed.log" 2>&1
$speed --k 8,16 --slots 1 --rounds 4 --modes shared --without transformers --out "$out/speed-k" > "$out/speed-k.log" 2>&1
timeout 300 node bin/serve.mjs --seconds 12 --out "$out/serve.json" > "$out/serve.log" 2>&1
tail -n 40 "$out"/*.log
