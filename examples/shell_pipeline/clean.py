import sys

for line in sys.stdin:
    if "nan" not in line:
        sys.stdout.write(line)
