"""What shells and the programs they start read and write."""

from typing import Any

from tests.conformance.ways import IN, Kind, Way

MORE = {f"data/many/{name}.txt": name.encode() + b"\n" for name in ("b", "a", "d", "c")}
MANY = tuple(MORE)
SAME = {"data/a.txt": b"1 x\n2 y\n", "data/b.txt": b"1 p\n2 q\n"}
BOTH = tuple(SAME)


def way(name: str, text: str, **more: Any) -> Way:
    program = more.pop("program", name.partition(" ")[0])
    needs = more.pop("needs", (f"program:{program}",))
    return Way("programs", name, Kind.SHELL, text, needs=needs, **more)


def shell(name: str, text: str, **more: Any) -> Way:
    return Way("shell", name, Kind.SHELL, text, **more)


PROGRAMS = [
    way("cat", "cat ../data/in.txt > out.txt"),
    way("cp", "cp ../data/in.txt out.txt"),
    way("cp -r", "cp -r ../data/many copied", files=MORE, reads=MANY),
    way("cp --reflink=auto --sparse=always", "cp --reflink=auto --sparse=always ../data/in.txt out.txt"),
    way("cp -l, then read", "cp -l ../data/in.txt ../data/l; cat ../data/l > out.txt; rm ../data/l"),
    way("cp -s, then read", "cp -s ../data/in.txt l.txt; cat l.txt > out.txt; rm l.txt"),
    way("cp -p keeps the time", "cp -p ../data/in.txt out.txt; stat -c %Y out.txt > time.txt; rm out.txt"),
    way("mv from elsewhere", "mv ../data/mine.txt out.txt", files={"data/mine.txt": b"m"}, reads=("data/mine.txt",)),
    way("mv of a folder", "mv ../data/many here; cat here/a.txt > out.txt", files=MORE, reads=MANY),
    way("mv back and forth", "mv ../data/in.txt t; cat t > out.txt; mv t ../data/in.txt"),
    way("mv into a folder", "cat ../data/in.txt > part; mkdir d; mv part d/"),
    way("sed -i", "sed -i s/one/1/ ../data/in.txt"),
    way("sed w", "sed -n '1w out.txt' ../data/in.txt"),
    way("awk", "awk '{print $1 > \"out.txt\"}' ../data/in.txt"),
    way("awk getline", "awk 'BEGIN { while ((getline l < \"../data/in.txt\") > 0) print l > \"out.txt\" }'"),
    way("sort -o", "sort -r -o out.txt ../data/in.txt"),
    way("sort onto itself", "sort -r ../data/in.txt -o ../data/in.txt"),
    way("tee", "tee out.txt copy.txt < ../data/in.txt > /dev/null"),
    way("tee -a", "cp ../data/in.txt o.txt; echo x | tee -a o.txt > /dev/null"),
    way("dd", "dd if=../data/in.txt of=out.txt bs=4 status=none"),
    way("dd conv=notrunc", "echo XY | dd of=../data/in.txt conv=notrunc status=none"),
    way("tar and back", "tar cf a.tar -C .. data/in.txt; mkdir d; tar xf a.tar -C d; rm a.tar"),
    way("tar czf", "tar czf - ../data/many 2> /dev/null | tar xzf - ; rm -rf ../data/none", files=MORE, reads=MANY),
    way("gzip", "gzip -nc ../data/in.txt > out.gz"),
    way("gzip in place", "gzip -n ../data/in.txt"),
    way("gunzip", "gunzip -c ../data/a.gz > out.txt", prepare="gzip -nc data/in.txt > data/a.gz", reads=("data/a.gz",)),
    way("xz", "xz -kc ../data/in.txt | xz -d > out.txt"),
    way("rsync", "rsync -a ../data/many/ copied/", files=MORE, reads=MANY),
    way("install", "install -m 600 ../data/in.txt out.txt"),
    way("ln", "ln ../data/in.txt ../data/l; cat ../data/l > out.txt; rm ../data/l"),
    way("ln -s", "ln -s ../data/in.txt l.txt; cat l.txt > out.txt"),
    way("ln -s of a folder", "ln -s ../data d; cat d/in.txt > out.txt"),
    way("truncate", "truncate -s 3 ../data/in.txt"),
    way("split", "split -l 1 ../data/in.txt part."),
    way("csplit", "csplit -s ../data/in.txt 2"),
    way("shuf", "shuf --random-source=../data/in.txt ../data/a.txt > out.txt", files=SAME, reads=(IN, "data/a.txt")),
    way("xargs", "echo ../data/in.txt | xargs cat > out.txt"),
    way("xargs -P", "ls ../data/many/*.txt | xargs -P 4 -I F sh -c 'cp F $(basename F)'", files=MORE, reads=MANY),
    way("find -exec", "find ../data -name in.txt -exec cp {} out.txt ';'"),
    way("find -delete", "find ../data/many -name '*.txt' -delete; echo x > out.txt", files=MORE, reads=()),
    way("find -newer", "find ../data/many -newer ../data/in.txt > out.txt", files=MORE, reads=()),
    way("perl", "perl -pe 'tr/a-z/A-Z/' ../data/in.txt > out.txt"),
    way("perl -i", "perl -i -pe 's/one/1/' ../data/in.txt"),
    way("make", "make -s -f ../data/makefile", files={"data/makefile": b"out.txt: ../data/in.txt\n\tcp $< $@\n"}, reads=(IN, "data/makefile")),
    way("git clone", "git clone -q ../data/repo r 2> /dev/null && cat r/f > out.txt; rm -rf r",
        prepare="mkdir data/repo; cd data/repo; git init -q .; echo f > f; git add f; git -c user.name=a -c user.email=a@b commit -qm m",
        reads=("*",)),
    way("git diff --no-index", "git diff --no-index ../data/a.txt ../data/b.txt > out.txt; true", files=SAME, reads=BOTH),
    way("git hash-object", "git hash-object ../data/in.txt > out.txt"),
    way("jq", "jq .a ../data/t.json > out.txt", files={"data/t.json": b'{"a": 1}'}, reads=("data/t.json",)),
    way("sqlite3 program", "sqlite3 ../data/a.db 'select * from t' > out.txt", program="sqlite3",
        prepare="sqlite3 data/a.db 'create table t(x); insert into t values (42)'", reads=("data/a.db",)),
    way("sqlite3 program, import", "sqlite3 out.db '.mode csv' '.import ../data/t.csv t'", program="sqlite3",
        files={"data/t.csv": b"a,b\n1,2\n"}, reads=("data/t.csv",)),
    way("grep -r", "grep -r one ../data/in.txt > out.txt"),
    way("head and tail", "head -1 ../data/in.txt > out.txt; tail -1 ../data/in.txt >> out.txt"),
    way("join and paste", "join ../data/a.txt ../data/b.txt > out.txt; paste ../data/a.txt ../data/b.txt >> out.txt", files=SAME, reads=BOTH),
    way("comm, cmp and diff", program="comm", text="comm ../data/a.txt ../data/b.txt > out.txt; cmp ../data/a.txt ../data/b.txt >> out.txt; diff ../data/a.txt ../data/b.txt >> out.txt; true", files=SAME, reads=BOTH),
    way("patch", "diff ../data/a.txt ../data/b.txt > p; cp ../data/a.txt o; patch -s o p; rm p", files=SAME, reads=BOTH),
    way("sha256sum", "sha256sum ../data/in.txt > out.txt"),
    way("od and wc", "od -c ../data/in.txt > out.txt; wc ../data/in.txt >> out.txt"),
    way("touch", "touch -d 2001-01-01 out.txt; touch ../data/in.txt; cat ../data/in.txt >> out.txt"),
    way("chmod", "cat ../data/in.txt > out.txt; chmod 600 ../data/in.txt"),
    way("rm", "cat ../data/in.txt > out.txt; rm ../data/in.txt"),
    way("shred -u", "cat ../data/in.txt > out.txt; shred -n 1 -u ../data/in.txt", program="shred"),
    way("mktemp", "t=$(mktemp); cat ../data/in.txt > $t; cat $t > out.txt; rm $t"),
    way("mkfifo", "mkfifo p; cat ../data/in.txt > p & cat p > out.txt; wait; rm p"),
    way("flock", "flock lock cat ../data/in.txt > out.txt"),
    way("node", "node -e 'const f = require(\"fs\"); f.writeFileSync(\"out.txt\", f.readFileSync(\"../data/in.txt\"))'"),
    way("node, promises", program="node", text="node -e 'const f = require(\"fs/promises\"); f.readFile(\"../data/in.txt\").then(b => f.writeFile(\"out.txt\", b))'"),
    way("bc", "bc -q ../data/n.bc > out.txt", files={"data/n.bc": b"1 + 1\nquit\n"}, reads=("data/n.bc",)),
    way("gcc", "gcc -c -o out.o ../data/s.c", files={"data/s.c": b'#include "s.h"\nint f(void) { return S; }\n', "data/s.h": b"#define S 7\n"},
        reads=("data/s.c", "data/s.h")),
    way("java", "java ../data/M.java > out.txt",
        files={"data/M.java": b'class M { public static void main(String[] a) throws Exception { System.out.print(new String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of("../data/in.txt")))); } }\n'},
        reads=(IN, "data/M.java")),
    way("tclsh", "tclsh ../data/t.tcl", files={"data/t.tcl": b"set f [open ../data/in.txt]\nset o [open out.txt w]\nputs $o [read $f]\n"}, reads=(IN, "data/t.tcl")),
    way("strace", "strace -o /dev/null cat ../data/in.txt > out.txt"),
    way("timeout and nice", "timeout 9 nice cat ../data/in.txt > out.txt"),
    way("setsid", "setsid -w cat ../data/in.txt > out.txt"),
    way("busybox", "busybox cat ../data/in.txt > out.txt", program="busybox", gap="busybox could not be followed"),
]  # fmt: skip
SHELLS = [
    shell("< and >", "cat < ../data/in.txt > out.txt"),
    shell(">>", "echo more >> ../data/in.txt"),
    shell(">> in the project", "echo more >> log.txt", files={"project/log.txt": b"first\n"}, reads=("project/log.txt",)),
    shell("<>", "exec 3<>../data/in.txt; read line <&3; echo changed >&3; echo $line > out.txt"),
    shell(">|", "set -C; cat ../data/in.txt >| out.txt"),
    shell("here-document", "read x < ../data/in.txt; cat > out.txt <<E\n$x\nE"),
    shell("pipe", "cat ../data/in.txt | tr a-z A-Z | tee out.txt > /dev/null"),
    shell("read in a loop", "while read line; do echo $line; done < ../data/in.txt > out.txt"),
    shell("process substitution", "bash -c 'cat <(cat ../data/in.txt) > out.txt'", needs=("program:bash",)),
    shell("written by process substitution", "bash -c 'tee >(cat > out.txt; sleep 0.1) < ../data/in.txt > /dev/null; sleep 0.5'", needs=("program:bash",)),
    shell("$(<file)", "bash -c 'echo \"$(<../data/in.txt)\" > out.txt'", needs=("program:bash",)),
    shell("mapfile", "bash -c 'mapfile -t l < ../data/in.txt; echo ${l[1]} > out.txt'", needs=("program:bash",)),
    shell("source", ". ../data/s.sh; echo $X > out.txt", files={"data/s.sh": b"X=1\n"}, reads=("data/s.sh",)),
    shell("a script elsewhere", "sh ../data/s.sh", files={"data/s.sh": b"cat ../data/in.txt > out.txt\n"}, reads=(IN, "data/s.sh")),
    shell("an executable script elsewhere", "../data/s", files={"data/s": b"#!/bin/sh\ncat ../data/in.txt > out.txt\n"}, prepare="chmod +x data/s", reads=(IN, "data/s")),
    shell("a script without #!", "../data/s", files={"data/s": b"cat ../data/in.txt > out.txt\n"}, prepare="chmod +x data/s", reads=(IN, "data/s")),
    shell("a wildcard", "cat ../data/many/*.txt > out.txt", files=MORE, reads=MANY),
    shell("background", "cat ../data/in.txt > out.txt & wait"),
    shell("stdout handed on", "exec > out.txt; cat ../data/in.txt"),
    shell("descriptor 3 handed on", "exec 3< ../data/in.txt; cat <&3 > out.txt"),
    shell("/dev/stdin", "cat /dev/stdin < ../data/in.txt > out.txt"),
    shell("/dev/fd/3", "bash -c 'exec 3< ../data/in.txt; cat /dev/fd/3 > out.txt'"),
    shell("/proc/PID/fd", "exec 3< ../data/in.txt; cat /proc/$$/fd/3 > out.txt"),
    shell("/dev/stdout to a file", "cat ../data/in.txt | tee /dev/stdout > out.txt"),
    shell("after cd", "cd ../data; cat in.txt > ../project/out.txt"),
    shell("a subshell's cd", "(cd ../data; cat in.txt) > out.txt; cat ./././out.txt > two.txt"),
    shell("stdin from a file", "cat > out.txt", stdin=IN, reads=()),
    shell("a test for a file", "if [ -e ../data/in.txt ]; then cat ../data/in.txt > out.txt; fi"),
    shell("$PATH with a program elsewhere", "PATH=../data:$PATH; prog > out.txt", files={"data/prog": b"#!/bin/sh\necho prog\n"}, prepare="chmod +x data/prog", reads=("data/prog",)),
    shell("emptied environment", "env -i /bin/cat ../data/in.txt > out.txt"),
    shell("LD_PRELOAD unset", "unset LD_PRELOAD; /bin/cat ../data/in.txt > out.txt"),
    shell("LD_PRELOAD of its own", "LD_PRELOAD=libm.so.6 cat ../data/in.txt > out.txt"),
    shell("limit on file sizes", "ulimit -f 8; cat ../data/in.txt > out.txt"),
    shell("limit on descriptors", "ulimit -n 13; cat ../data/in.txt > out.txt"),
    shell("outlives its parent", "(sleep 0.4; cat ../data/in.txt > out.txt) > /dev/null 2>&1 &"),
    shell("setsid, outlives its parent", "setsid sh -c 'sleep 0.4; cat ../data/in.txt > out.txt' > /dev/null 2>&1 < /dev/null &", needs=("program:setsid",)),
    shell("fails after writing", "cat ../data/in.txt > out.txt; exit 3", exits=3),
]  # fmt: skip
NAMES = [
    Way("names", name, Kind.SHELL, f"cat {quoted} > out.txt; cp {quoted} .; cat {quoted} > {quoted}2",
        files={f"data/{given}": b"named\n"}, reads=(f"data/{given}",))
    for name, given, quoted in (
        ("a space", "a b.txt", "'../data/a b.txt'"),
        ("a newline", "a\nb.txt", "'../data/a\nb.txt'"),
        ("quotes", "a\"b'.txt", '"../data/a\\"b\'.txt"'),
        ("a leading dash", "-a.txt", "../data/-a.txt"),
        ("a star", "a*?[.txt", "'../data/a*?[.txt'"),
        ("UTF-8", "naïve-数据.txt", "../data/naïve-数据.txt"),
        ("a byte that is no UTF-8", "a\udcff.txt", "../data/a\udcff.txt"),
        ("a control character", "a\x01\x1b.txt", "'../data/a\x01\x1b.txt'"),
        ("200 bytes", "n" * 200, "../data/" + "n" * 200),
        ("deep folders", "/".join(["deep" * 10] * 20) + "/f", "../data/" + "/".join(["deep" * 10] * 20) + "/f"),

    )
] + [
    Way("names", "dots in the middle", Kind.SHELL, "cat ../data/x/./../in.txt > out.txt", files={"data/x/f": b""}, gap="data/x"),
    Way("names", "a link", Kind.SHELL, "cat ../data/l > out.txt", prepare="ln -s in.txt data/l", reads=("data/l",)),
    Way("names", "a chain of links", Kind.SHELL, "cat ../data/l > out.txt", prepare="cd data; ln -s in.txt m; ln -s m l", reads=("data/l",)),
    Way("names", "a linked folder", Kind.SHELL, "cat ../data/l/a.txt > out.txt", files=MORE, prepare="ln -s many data/l", reads=("data/l/a.txt",)),
    Way("names", "an absolute link", Kind.SHELL, "cat ../data/l > out.txt", prepare="ln -s $WAY/data/in.txt data/l", reads=("data/l",)),
    Way("names", "a link that is written through", Kind.SHELL, "cat ../data/in.txt > ../data/l", prepare="ln -s target data/l; echo old > data/target", reads=(IN,)),
    Way("names", "a dangling link that is written through", Kind.SHELL, "cat ../data/in.txt > ../data/l", prepare="ln -s target data/l", reads=(IN,)),
    Way("names", "hard links of one file", Kind.SHELL, "cat ../data/a ../data/b > out.txt", prepare="cd data; echo x > a; ln a b", reads=("data/a", "data/b")),
    Way("names", "one of two hard links is changed", Kind.SHELL, "cat ../data/a > out.txt; echo y >> ../data/b", prepare="cd data; echo x > a; ln a b", reads=("data/a", "data/b"), gap="data/a"),
    Way("names", "a link is replaced", Kind.SHELL, "cat ../data/l > out.txt; ln -sf unread.txt ../data/l", prepare="ln -s in.txt data/l", reads=("data/l",), gap="data/l"),
]  # fmt: skip
CHANGES = [
    Way("changes", name, Kind.SHELL, f"cat ../data/in.txt > seen.txt; {change}")
    for name, change in (
        ("overwritten", "echo x > ../data/in.txt"),
        ("appended", "echo x >> ../data/in.txt"),
        ("deleted", "rm ../data/in.txt"),
        ("deleted and made again", "rm ../data/in.txt; echo x > ../data/in.txt"),
        ("renamed", "mv ../data/in.txt ../data/away.txt"),
        ("renamed and changed", "mv ../data/in.txt ../data/b; echo x >> ../data/b"),
        ("renamed over", "echo new > n; mv n ../data/in.txt"),
        ("truncated", "truncate -s 1 ../data/in.txt"),
        ("linked, then deleted", "ln ../data/in.txt ../data/c; rm ../data/in.txt"),
        ("edited in place", "sed -i s/one/1/ ../data/in.txt"),
        ("time put back", "touch -r ../data/in.txt t; echo ONE > ../data/in.txt; touch -r t ../data/in.txt; rm t"),
        ("its folder renamed", "mv ../data ../moved; cat ../moved/in.txt > again.txt; mv ../moved ../data"),
        ("its folder deleted", "rm -r ../data"),
        ("permissions taken", "chmod 0 ../data/in.txt; chmod 644 ../data/in.txt"),
        ("twice changed", "echo x > ../data/in.txt; cat ../data/in.txt >> seen.txt; echo y > ../data/in.txt"),
    )
]  # fmt: skip
WAYS = [*PROGRAMS, *SHELLS, *NAMES, *CHANGES]
