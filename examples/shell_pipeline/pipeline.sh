#!/usr/bin/env bash
set -eu
mkdir -p work
python simulate.py > work/raw.txt
python clean.py < work/raw.txt | tee work/clean.txt | wc -l
python fit.py work/clean.txt > result.txt
rm work/raw.txt
cat result.txt
