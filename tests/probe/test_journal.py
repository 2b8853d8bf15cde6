"""The journal: what was logged is there, whatever the program does to itself."""

import os
import signal

from tests.probe.spools import Spool


def test_what_was_logged_survives_a_kill(spool: Spool) -> None:
    (spool.project / "a.py").write_text(
        "import anew, os\nfor i in range(1000): anew.log('x', i)\nos.kill(os.getpid(), 9)"
    )
    assert spool.run("a.py").returncode == -signal.SIGKILL
    assert len(spool.points()) == 1000
    assert not spool.ends()


def test_program_may_close_all_descriptors(spool: Spool) -> None:
    spool.script("""
import anew, os
anew.log("x", 1)
os.closerange(3, 1000)
file = open("out", "w")
for i in range(20): os.open("other", os.O_CREAT | os.O_WRONLY)
anew.log("x", 2)
file.write("mine")
""")
    assert [line[2] for line in spool.points()] == ["1.0", "2.0"]
    assert (spool.project / "out").read_text() == "mine"
    assert (spool.project / "other").read_text() == ""


def test_program_without_a_descriptor_left_goes_on_and_the_loss_is_named(spool: Spool) -> None:
    spool.script("""
import anew, os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
held = []
try:
    while True: held.append(os.open("/dev/null", os.O_RDONLY))
except OSError: pass
anew.note("lost")
for each in held: os.close(each)
anew.note("kept")
""")
    assert [event[2] for event in spool.events("note")] == ["kept"]
    assert "1 events could not be written" in spool.gaps()
    assert spool.ends()[0]["lost"] == 1


def test_threads_and_forks_lose_nothing(spool: Spool) -> None:
    spool.script("""
import anew, os, threading
def work(name):
    for i in range(500): anew.log(name, i, step=i)
threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
for thread in threads: thread.start()
pid = os.fork()
work("forked" if pid == 0 else "parent")
for thread in threads:
    if pid: thread.join()
if pid == 0: os._exit(0)
os.wait()
""")
    counts = {}
    for name, *_ in spool.points():
        counts[name] = counts.get(name, 0) + 1
    assert counts["forked"] == counts["parent"] == 500
    assert sum(counts[f"t{n}"] for n in range(4)) == 2000
    assert len(list((spool.folder / "probe").glob("points-*"))) == 2


def test_many_points(spool: Spool) -> None:
    spool.script("import anew\nfor i in range(100_000): anew.log('loss', i / 3, step=i)")
    points = spool.points()
    assert len(points) == 100_000
    assert points[-1][:3] == ["loss", 99_999, repr(99_999 / 3)]


def test_spool_that_vanishes_is_no_matter(spool: Spool) -> None:
    code = """
import anew, shutil, os
anew.log("a", 1)
shutil.rmtree(FOLDER)
anew.log("a", 2); open("x", "w").close(); os.remove("x")
print("on")
"""
    assert spool.script(f"FOLDER = {str(spool.folder)!r}\n{code}") == "on\n"


def test_full_disk_is_no_matter(spool: Spool) -> None:
    """A limit on the size of files stands in for it."""
    spool.script("""
import anew, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
for i in range(2000): anew.note("x" * 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
anew.note("end")
""")
    (path,) = (spool.folder / "probe").glob("events-*")
    whole = [line for line in path.read_bytes().splitlines() if line.endswith(b"]")]
    assert b'"note"' in whole[-2]
    assert any(b"could not be written" in line for line in whole)


def test_signal_handler_that_raises_is_heard(spool: Spool) -> None:
    out = spool.script("""
import anew, signal
class Late(TimeoutError): pass
def late(*_): raise Late
signal.signal(signal.SIGALRM, late)
heard = 0
for _ in range(30):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        while True:
            anew.log("x", 1.0)
            open("script.py").close()
    except Late:
        heard += 1
print(heard)
""")
    assert out == "30\n"


def test_interrupt_is_heard(spool: Spool) -> None:
    out = spool.script("""
import anew, os, signal, threading
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True: anew.log("x", 1.0)
except KeyboardInterrupt: print("stopped")
""")
    assert out == "stopped\n"


def test_events_are_ascii_lists_in_order_of_time(spool: Spool) -> None:
    (spool.project / os.fsdecode(b"b\xff")).write_text("x")
    spool.script("import anew, os\nanew.note('é\\n')\nopen(os.fsdecode(b'b\\xff')).read()")
    times = [event[1] for event in spool.lines("events")]
    assert times == sorted(times)
    assert [event[2] for event in spool.events("note")] == ["é\n"]
    assert ("b\udcff", "r") in spool.opened()
