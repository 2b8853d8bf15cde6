"""What Python's standard library reads and writes."""

from typing import Any

from tests.conformance.ways import IN, Kind, Way

START = "import os, sys\nIN, OUT = '../data/in.txt', 'out.txt'\n"
MORE = {f"data/many/{name}.txt": name.encode() for name in ("b", "a", "d", "c")}
MANY = tuple(MORE)


def way(name: str, text: str, **more: Any) -> Way:
    return Way("python", name, Kind.PYTHON, START + text + "\n", **more)


OPENED = [
    way("open", "open(OUT, 'w').write(open(IN).read())"),
    way("open without buffer", "open(OUT, 'wb', 0).write(open(IN, 'rb', 0).read())"),
    way("io.FileIO", "import io\nio.FileIO(OUT, 'w').write(io.FileIO(IN).readall())"),
    way("io.open_code", "import io\nopen(OUT, 'wb').write(io.open_code(os.path.abspath(IN)).read())"),
    way("os.open and os.read",
        "out = os.open(OUT, os.O_WRONLY | os.O_CREAT, 0o644)\n"
        "os.write(out, os.read(os.open(IN, os.O_RDONLY), 100))"),
    way("os.pread", "open(OUT, 'wb').write(os.pread(os.open(IN, os.O_RDONLY), 100, 0))"),
    way("os.readv and os.writev",
        "b = bytearray(14)\nos.readv(os.open(IN, os.O_RDONLY), [b])\n"
        "os.writev(os.open(OUT, os.O_WRONLY | os.O_CREAT), [b])"),
    way("os.preadv and os.pwrite",
        "b = bytearray(14)\nos.preadv(os.open(IN, os.O_RDONLY), [b], 0)\n"
        "os.pwrite(os.open(OUT, os.O_WRONLY | os.O_CREAT), b, 0)"),
    way("os.sendfile",
        "i, o = os.open(IN, os.O_RDONLY), os.open(OUT, os.O_WRONLY | os.O_CREAT)\n"
        "os.sendfile(o, i, 0, 100)"),
    way("os.copy_file_range",
        "i, o = os.open(IN, os.O_RDONLY), os.open(OUT, os.O_WRONLY | os.O_CREAT)\n"
        "os.copy_file_range(i, o, 100)"),
    way("os.splice",
        "r, w = os.pipe()\ni, o = os.open(IN, os.O_RDONLY), os.open(OUT, os.O_WRONLY | os.O_CREAT)\n"
        "n = os.splice(i, w, 100)\nos.splice(r, o, n)"),
    way("mmap",
        "import mmap\nf = open(IN, 'rb')\nm = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "open(OUT, 'wb').write(m[:])"),
    way("mmap that is written",
        "import mmap\nf = open(OUT, 'w+b')\nf.truncate(14)\nm = mmap.mmap(f.fileno(), 14)\n"
        "m[:] = open(IN, 'rb').read()\nm.flush()"),
    way("pathlib", "from pathlib import Path\nPath(OUT).write_text(Path(IN).read_text())"),
    way("pathlib in bytes", "from pathlib import Path\nPath(OUT).write_bytes(Path(IN).resolve().read_bytes())"),
    way("opener=",
        "d = os.open('../data', os.O_RDONLY)\n"
        "f = open('in.txt', opener=lambda p, flags: os.open(p, flags, dir_fd=d))\n"
        "open(OUT, 'w').write(f.read())"),
    way("dir_fd= to a folder",
        "d = os.open('../data', os.O_RDONLY | os.O_DIRECTORY)\n"
        "o = os.open('.', os.O_RDONLY)\n"
        "os.write(os.open(OUT, os.O_CREAT | os.O_WRONLY, dir_fd=o),"
        " os.read(os.open('in.txt', os.O_RDONLY, dir_fd=d), 99))"),
    way("after chdir", "o = os.path.abspath(OUT)\nos.chdir('../data')\nopen(o, 'w').write(open('in.txt').read())"),
    way("after fchdir",
        "o = os.path.abspath(OUT)\nos.fchdir(os.open('../data', os.O_RDONLY))\n"
        "open(o, 'w').write(open('in.txt').read())"),
    way("O_PATH, then /proc/self/fd",
        "d = os.open(IN, os.O_PATH)\nopen(OUT, 'w').write(open(f'/proc/self/fd/{d}').read())"),
    way("/dev/fd of a file that is open",
        "d = os.open(IN, os.O_RDONLY)\nopen(OUT, 'w').write(open(f'/dev/fd/{d}').read())"),
    way("opened through /proc/self/cwd",
        "open(OUT, 'w').write(open('/proc/self/cwd/../data/in.txt').read())"),
    way("descriptors all closed",
        "os.closerange(3, 256)\nd = os.open(OUT, os.O_WRONLY | os.O_CREAT)\n"
        "i = os.open(IN, os.O_RDONLY)\nos.write(d, os.read(i, 99))"),
    way("stdout is dup2'ed to a file",
        "d = os.open(OUT, os.O_WRONLY | os.O_CREAT)\nos.dup2(d, 1)\nprint(open(IN).read())"),
    way("codecs.open", "import io\nio.open(OUT, 'w', encoding='latin1').write(io.open(IN, encoding='utf-16-le', errors='replace').read()[:0] + 'x')"),
    way("fileinput", "import fileinput\nopen(OUT, 'w').writelines(fileinput.input([IN]))"),
    way("linecache", "import linecache\nopen(OUT, 'w').write(linecache.getline(os.path.abspath(IN), 2))"),
    way("read twice", "a = open(IN).read()\nopen(OUT, 'w').write(a + open(IN).read())"),
    way("a million bytes",
        "open(OUT, 'wb').write(open('../data/big.bin', 'rb').read()[::-1])",
        files={"data/big.bin": bytes(range(256)) * 5000}, reads=("data/big.bin",)),
    way("an empty file", "open(OUT, 'w').write(repr(open('../data/empty').read()))",
        files={"data/empty": b""}, reads=("data/empty",)),
    way("sparse files",
        "f = open('../data/sparse', 'rb')\nf.seek(1 << 20)\no = open(OUT, 'wb')\no.seek(1 << 20)\no.write(f.read())",
        prepare="truncate -s 1M data/sparse; echo end >> data/sparse", reads=("data/sparse",)),
    way("a file in the project", "open(OUT, 'w').write(open('given.txt').read())",
        files={"project/given.txt": b"given\n"}, reads=("project/given.txt",)),
    way("asked for and not there",
        "try: open('../data/none.txt')\nexcept OSError: open(OUT, 'w').write(open(IN).read())"),
]  # fmt: skip
FOLDERS = [
    way("os.listdir", "open(OUT, 'w').write(''.join(open('../data/many/' + n).read() for n in os.listdir('../data/many')))",
        files=MORE, reads=MANY),
    way("os.scandir", "open(OUT, 'w').write(''.join(open(e).read() for e in os.scandir('../data/many')))",
        files=MORE, reads=MANY),
    way("os.walk", "open(OUT, 'w').write(repr([open(os.path.join(d, n)).read() for d, _, ns in os.walk('../data/many') for n in ns]))",
        files=MORE, reads=MANY),
    way("os.fwalk", "open(OUT, 'w').write(repr([os.read(os.open(n, 0, dir_fd=fd), 9) for d, _, ns, fd in os.fwalk('../data/many') for n in ns]))",
        files=MORE, reads=MANY),
    way("os.listdir of a descriptor", "open(OUT, 'w').write(repr(os.listdir(os.open('../data/many', 0))))",
        files=MORE, reads=()),
    way("glob", "import glob\nopen(OUT, 'w').write(''.join(open(n).read() for n in glob.glob('../data/*/*.txt')))",
        files=MORE, reads=MANY),
    way("pathlib.rglob", "from pathlib import Path\nopen(OUT, 'w').write(''.join(p.read_text() for p in Path('../data/many').rglob('*.txt')))",
        files=MORE, reads=MANY),
    way("names alone decide", "open(OUT, 'w').write(' '.join(sorted(os.listdir('../data/many'))))",
        files=MORE, reads=()),
]  # fmt: skip
COPIED = [
    way(f"shutil.{name}", f"import shutil\nshutil.{name}(IN, OUT)")
    for name in ("copy", "copy2", "copyfile")
] + [
    way("shutil.copytree", "import shutil\nshutil.copytree('../data/many', 'copied')", files=MORE, reads=MANY),
    way("shutil.move from elsewhere", "import shutil\nshutil.move('../data/mine.txt', OUT)",
        files={"data/mine.txt": b"mine"}, reads=("data/mine.txt",)),
    way("shutil.make_archive and unpacked",
        "import shutil\nshutil.make_archive('a', 'tar', '../data/many')\nshutil.unpack_archive('a.tar', 'un')\n"
        "os.remove('a.tar')", files=MORE, reads=MANY),
    way("os.replace", "open('part', 'w').write(open(IN).read())\nos.replace('part', OUT)"),
    way("os.link", "os.link(IN, '../data/l')\nopen(OUT, 'w').write(open('../data/l').read())\nos.remove('../data/l')"),
    way("os.symlink", "os.symlink(IN, 'soft.txt')\nopen(OUT, 'w').write(open('soft.txt').read())\nos.remove('soft.txt')"),
    way("NamedTemporaryFile, moved",
        "import tempfile\nf = tempfile.NamedTemporaryFile('w', dir='.', delete=False)\nf.write(open(IN).read())\n"
        "f.close()\nos.replace(f.name, OUT)"),
    way("TemporaryFile",
        "import tempfile\nf = tempfile.TemporaryFile('w+')\nf.write(open(IN).read())\nf.seek(0)\n"
        "open(OUT, 'w').write(f.read())"),
    way("TemporaryDirectory",
        "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n    p = d + '/x'\n    open(p, 'w').write(open(IN).read())\n"
        "    open(OUT, 'w').write(open(p).read())"),
    way("O_TMPFILE and link",
        "d = os.open('.', os.O_TMPFILE | os.O_RDWR)\nos.write(d, open(IN, 'rb').read())\n"
        "os.link(f'/proc/self/fd/{d}', OUT, src_dir_fd=0, follow_symlinks=True)"),
    way("memfd", "d = os.memfd_create('x')\nos.write(d, open(IN, 'rb').read())\nopen(OUT, 'wb').write(os.pread(d, 99, 0))"),
]  # fmt: skip
FORMATS = [
    way("zipfile",
        "import zipfile\nz = zipfile.ZipFile('../data/a.zip')\n"
        "zipfile.ZipFile('out.zip', 'w').writestr(zipfile.ZipInfo('b'), z.read('in.txt'))",
        prepare='cd data; python3 -m zipfile -c a.zip in.txt', reads=("data/a.zip",)),
    way("zipimport", "sys.path.insert(0, '../data/m.zip')\nimport inner\nopen(OUT, 'w').write(inner.X)",
        prepare="cd data; echo 'X = \"inside\"' > inner.py; python3 -m zipfile -c m.zip inner.py; rm inner.py",
        reads=("data/m.zip",)),
    way("tarfile",
        "import tarfile, io\nt = tarfile.open('../data/a.tar')\nb = t.extractfile('in.txt').read()\n"
        "i = tarfile.TarInfo('in'); i.size = len(b)\no = tarfile.open('out.tar', 'w'); o.addfile(i, io.BytesIO(b)); o.close()",
        prepare="cd data; tar cf a.tar in.txt", reads=("data/a.tar",)),
    way("gzip", "import gzip\ngzip.GzipFile('out.gz', 'wb', mtime=0).write(gzip.open('../data/in.gz').read())",
        prepare="gzip -nk < data/in.txt > data/in.gz", reads=("data/in.gz",)),
    way("bz2", "import bz2\nbz2.open('out.bz2', 'wb').write(bz2.open('../data/in.bz2').read())",
        prepare="python3 -c \"import bz2; bz2.open('data/in.bz2', 'w').write(b'abc')\"", reads=("data/in.bz2",)),
    way("lzma", "import lzma\nlzma.open('out.xz', 'wb').write(lzma.open('../data/in.xz').read())",
        prepare="python3 -c \"import lzma; lzma.open('data/in.xz', 'w').write(b'abc')\"", reads=("data/in.xz",)),
    way("sqlite3, journal",
        "import sqlite3\nr = sqlite3.connect('file:../data/a.db?mode=ro', uri=True).execute('select sum(x) from t').fetchone()\n"
        "c = sqlite3.connect('out.db')\nc.execute('create table o(x)')\nc.execute('insert into o values(?)', r)\nc.commit()\nc.close()",
        prepare="python3 -c \"import sqlite3; c = sqlite3.connect('data/a.db'); c.execute('create table t(x)'); c.execute('insert into t values(42)'); c.commit()\"",
        reads=("data/a.db",)),
    way("sqlite3, WAL",
        "import sqlite3\nc = sqlite3.connect('out.db')\nc.execute('pragma journal_mode=wal')\nc.execute('create table o(x)')\n"
        "c.execute('insert into o values(?)', (open(IN).read(),))\nc.commit()\nc.close()"),
    way("sqlite3, updated in place",
        "import sqlite3\nc = sqlite3.connect('../data/a.db')\nc.execute('insert into t select x + 1 from t')\nc.commit()\n"
        "open(OUT, 'w').write(repr(c.execute('select * from t').fetchall()))\nc.close()",
        prepare="python3 -c \"import sqlite3; c = sqlite3.connect('data/a.db'); c.execute('create table t(x)'); c.execute('insert into t values(42)'); c.commit()\"",
        reads=("data/a.db",)),
    way("sqlite3, attached and backed up",
        "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute(\"attach '../data/a.db' as a\")\n"
        "open(OUT, 'w').write(repr(c.execute('select * from a.t').fetchall()))",
        prepare="python3 -c \"import sqlite3; c = sqlite3.connect('data/a.db'); c.execute('create table t(x)'); c.execute('insert into t values(42)'); c.commit()\"",
        reads=("data/a.db",)),
    way("dbm.dumb and shelve",
        "import dbm.dumb, shelve, pickle\ns = shelve.Shelf(dbm.dumb.open('../data/shelf', 'r'))\nopen(OUT, 'w').write(s['k'])\n"
        "o = dbm.dumb.open('made')\no['x'] = 'y'\no.close()",
        prepare="cd data; python3 -c \"import dbm.dumb, shelve; s = shelve.Shelf(dbm.dumb.open('shelf')); s['k'] = 'v'; s.close()\"",
        reads=("data/shelf.dat", "data/shelf.dir")),
    way("csv", "import csv\ncsv.writer(open(OUT, 'w')).writerows(csv.reader(open('../data/t.csv')))",
        files={"data/t.csv": b"a,b\n1,2\n"}, reads=("data/t.csv",)),
    way("json and pickle", "import json, pickle\npickle.dump(json.load(open('../data/t.json')), open('out.pkl', 'wb'))",
        files={"data/t.json": b'{"a": 1}'}, reads=("data/t.json",)),
    way("pickle and marshal", "import marshal, pickle\nmarshal.dump(pickle.load(open('../data/t.pkl', 'rb')), open('out', 'wb'))",
        files={"data/t.pkl": b"\x80\x04K\x01."}, reads=("data/t.pkl",)),
    way("configparser", "import configparser\nc = configparser.ConfigParser()\nc.read(['../data/t.ini', '../data/none.ini'])\nc.write(open(OUT, 'w'))",
        files={"data/t.ini": b"[a]\nb = 1\n"}, reads=("data/t.ini",)),
    way("tomllib", "import tomllib\nopen(OUT, 'w').write(repr(tomllib.load(open('../data/t.toml', 'rb'))))",
        files={"data/t.toml": b"a = 1\n"}, reads=("data/t.toml",)),
    way("xml.etree (expat)", "import xml.etree.ElementTree as e\ne.parse('../data/t.xml').write(OUT)",
        files={"data/t.xml": b"<a><b/></a>"}, reads=("data/t.xml",)),
    way("plistlib", "import plistlib\nplistlib.dump(plistlib.load(open('../data/t.plist', 'rb')), open(OUT, 'wb'))",
        files={"data/t.plist": b'<plist version="1.0"><integer>1</integer></plist>'}, reads=("data/t.plist",)),
    way("mailbox", "import mailbox\nopen(OUT, 'w').write(repr([m['Subject'] for m in mailbox.mbox('../data/m.mbox', create=False)]))",
        files={"data/m.mbox": b"From a\nSubject: s\n\nx\n"}, reads=("data/m.mbox",)),
    way("wave", "import wave\nw = wave.open('../data/t.wav')\no = wave.open('out.wav', 'w')\no.setparams(w.getparams())\no.writeframes(w.readframes(4))",
        prepare="python3 -c \"import wave; w = wave.open('data/t.wav', 'w'); w.setparams((1, 2, 8000, 0, 'NONE', '')); w.writeframes(bytes(8))\"",
        reads=("data/t.wav",)),
    way("array.fromfile", "import array\na = array.array('B')\na.fromfile(open(IN, 'rb'), 14)\na.tofile(open(OUT, 'wb'))"),
    way("readline's history", "import readline\nreadline.read_history_file(IN)\nreadline.write_history_file(OUT)"),
    way("logging to a file", "import logging\nlogging.basicConfig(filename='run.log', format='%(message)s')\nlogging.error(open(IN).read())"),
    way("logging, rotating",
        "import logging, logging.handlers as h\nl = logging.getLogger()\nl.addHandler(h.RotatingFileHandler('r.log', maxBytes=40, backupCount=2))\n"
        "for i in range(9): l.error(open(IN).read())"),
]  # fmt: skip
CODE = [
    way("a module elsewhere", "sys.path.insert(0, '../data')\nimport mine\nopen(OUT, 'w').write(mine.X)",
        files={"data/mine.py": b"X = 'mine'\n"}, reads=("data/mine.py",)),
    way("a module with its .pyc", "sys.path.insert(0, '../data')\nimport mine\nopen(OUT, 'w').write(mine.X)",
        files={"data/mine.py": b"X = 'mine'\n"}, prepare="cd data; python -m compileall -q .", reads=("data/mine.py",)),
    way("importlib.resources",
        "sys.path.insert(0, '../data')\nimport importlib.resources as r\nopen(OUT, 'w').write(r.files('pack').joinpath('d.txt').read_text())",
        files={"data/pack/__init__.py": b"", "data/pack/d.txt": b"d"}, reads=("data/pack/__init__.py", "data/pack/d.txt")),
    way("pkgutil.get_data",
        "sys.path.insert(0, '../data')\nimport pkgutil\nopen(OUT, 'wb').write(pkgutil.get_data('pack', 'd.txt'))",
        files={"data/pack/__init__.py": b"", "data/pack/d.txt": b"d"}, reads=("data/pack/__init__.py", "data/pack/d.txt")),
    way("runpy", "import runpy\nopen(OUT, 'w').write(runpy.run_path('../data/mine.py')['X'])",
        files={"data/mine.py": b"X = 'mine'\n"}, reads=("data/mine.py",)),
    way("exec of a text", "exec(open('../data/code.txt').read())\nopen(OUT, 'w').write(X)",
        files={"data/code.txt": b"X = 'run'\n"}, reads=("data/code.txt",)),
    way("ctypes: fopen",
        "import ctypes\nc = ctypes.CDLL(None)\nc.fopen.restype = ctypes.c_void_p\nf = c.fopen(IN.encode(), b'r')\n"
        "b = ctypes.create_string_buffer(20)\nc.fread(b, 1, 14, ctypes.c_void_p(f))\nopen(OUT, 'wb').write(b.value)"),
    way("ctypes: syscall(SYS_openat)",
        "import ctypes\nc = ctypes.CDLL(None)\nd = c.syscall(257, -100, IN.encode(), 0)\nopen(OUT, 'wb').write(os.read(d, 99))"),
    way("ctypes: a library elsewhere",
        "import ctypes\nopen(OUT, 'w').write(str(ctypes.CDLL('../data/libmine.so').seven()))",
        prepare="cd data; echo 'int seven(void) { return 7; }' > s.c; cc -shared -o libmine.so s.c; rm s.c",
        reads=("data/libmine.so",)),
]  # fmt: skip
MANNERS = [
    way("at exit", "import atexit\natexit.register(lambda: open(OUT, 'w').write(open(IN).read()))"),
    way("os._exit", "d = os.open(OUT, os.O_WRONLY | os.O_CREAT)\nos.write(d, open(IN, 'rb').read())\nos._exit(0)"),
    way("killed by SIGKILL", "d = os.open(OUT, os.O_WRONLY | os.O_CREAT)\nos.write(d, open(IN, 'rb').read())\nos.kill(os.getpid(), 9)",
        exits=137),
    way("in a thread", "import threading\nt = threading.Thread(target=lambda: open(OUT, 'w').write(open(IN).read()))\nt.start()\nt.join()"),
    way("in a thread with a little stack",
        "import threading\nthreading.stack_size(65536)\nt = threading.Thread(target=lambda: os.write(os.open(OUT, 65), os.read(os.open(IN, 0), 99)))\nt.start()\nt.join()"),
    way("in asyncio", "import asyncio\nasync def f(): await asyncio.to_thread(lambda: open(OUT, 'w').write(open(IN).read()))\nasyncio.run(f())"),
    way("in a signal handler",
        "import signal\nsignal.signal(10, lambda *_: open(OUT, 'w').write(open(IN).read()))\nos.kill(os.getpid(), 10)"),
    way("python -I", "open(OUT, 'w').write(open(IN).read())", command=("PYTHON", "-I", "way.py")),
    way("python -S -E", "open(OUT, 'w').write(open(IN).read())", command=("PYTHON", "-S", "-E", "way.py")),
    way("python -c", "", command=("PYTHON", "-c", "open('out.txt', 'w').write(open('../data/in.txt').read())")),
    way("python -m", "open(OUT, 'w').write(open(IN).read())", command=("PYTHON", "-m", "way")),
    way("python on stdin", "", files={"data/on.py": b"open('out.txt', 'w').write(open('../data/in.txt').read())\n"},
        command=("PYTHON", "-"), stdin="data/on.py"),
    way("a zipped application", "", prepare="cd project; mkdir a; echo \"open('out.txt', 'w').write(open('../data/in.txt').read())\" > a/__main__.py; python3 -m zipapp a; rm -r a",
        command=("PYTHON", "a.pyz"), reads=(IN, "project/a.pyz")),
    way("stdin from a file", "open(OUT, 'w').write(sys.stdin.read())", stdin=IN, reads=()),
]  # fmt: skip
WAYS = [*OPENED, *FOLDERS, *COPIED, *FORMATS, *CODE, *MANNERS]
