"""Who called which host, by what library: real servers and clients in a network of their own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conftest import ANEW, Anew

HOST, PORT = "198.51.100.7", 8080
# Two networks with a cable between them: a server in the one, the run in the other.
NETWORK = f"""
ip link set lo up || exit 99
unshare -n sh -c 'while ! ip addr add {HOST}/24 dev veth1 2> /dev/null; do sleep 0.02; done
    ip link set veth1 up && exec "$0" -m http.server --bind {HOST} {PORT}' "$1" > /dev/null 2>&1 &
other=$!
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add veth0 type veth peer name veth1 && ip link set veth1 netns $other &&
    ip addr add 198.51.100.1/24 dev veth0 && ip link set veth0 up &&
    mount --bind hosts /etc/hosts || exit 99
shift
until curl -s -o /dev/null http://{HOST}:{PORT}/; do sleep 0.05; done
"$@"
code=$?
kill $other
exit $code
"""
CLIENTS = {
    "urllib": (
        "import urllib.request; urllib.request.urlopen('http://data.example:8080/').read()",
        "urllib.request",
    ),
    "a package": (
        "from pip._vendor import requests; requests.get('http://data.example:8080/')",
        "pip",
    ),
    "a socket": (
        "import socket; socket.create_connection(('data.example', 8080)).close()",
        "socket",
    ),
    "in a thread": (
        "import concurrent.futures as f, urllib.request\n"
        "f.ThreadPoolExecutor().submit(urllib.request.urlopen, 'http://data.example:8080/').result()",
        "urllib.request",
    ),
    "asyncio": (
        "import asyncio; asyncio.run(asyncio.open_connection('data.example', 8080))",
        "asyncio",
    ),
}


@pytest.fixture
def online(anew: Anew, tmp_path: Path) -> Anew:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    anew.write("hosts", f"127.0.0.1 localhost\n{HOST} data.example\n")
    if not all(map(shutil.which, ("unshare", "ip", "curl"))):
        pytest.skip("there is no `unshare`, no `ip` or no `curl`")
    if in_network(anew, "true").returncode:
        pytest.skip("no network of one's own can be made here")
    return anew


def in_network(anew: Anew, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "-rmn", "sh", "-c", NETWORK, "sh", sys.executable, *words], cwd=anew.project,
        env=anew.variables(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def called(anew: Anew, *words: str) -> list[dict[str, object]]:
    done = in_network(anew, *ANEW, "run", "--", *words)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = anew.json("show", "@1")["coverage"]["connections"]
    return found


@pytest.mark.parametrize("client", CLIENTS)
def test_python_s_calls_are_named_with_the_library(online: Anew, client: str) -> None:
    code, name = CLIENTS[client]
    online.write("fetch.py", code + "\n")
    (found,) = called(online, sys.executable, "fetch.py")
    assert (found["host"], found["port"], found["addresses"]) == ("data.example", "8080", [HOST])
    assert found["library"] == name
    assert str(found["program"]).endswith("fetch.py")
    assert found["process"] == 1
    gaps = online.json("show", "@1")["coverage"]["gaps"]
    (gap,) = [each for each in gaps if each["aspect"] == "network"]
    assert gap["what"].startswith("data.example:8080 was contacted by ")
    assert f"fetch.py with {name};" in gap["what"]
    shown = online("show", "@1", "--coverage").stdout
    assert "data.example:8080" in shown
    assert HOST in shown


def test_other_programs_calls_are_named_with_the_process(online: Anew) -> None:
    (found,) = called(online, "sh", "-c", "echo; curl -s http://data.example:8080/ > page.html")
    processes = {each["number"]: each for each in online.json("show", "@1")["processes"]}
    assert processes[found["process"]]["argv"][0] == "curl"
    assert found["program"] == "curl"
    assert str(found["library"]).startswith("libcurl")
    assert found["addresses"] == [HOST]


def test_whom_a_datagram_goes_to_is_named(online: Anew) -> None:
    code = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('{HOST}', 9))"
    (found,) = called(online, sys.executable, "-c", code)
    assert (found["host"], found["port"]) == (HOST, "9")


def test_who_refuses_and_who_is_not_there_were_called_all_the_same(online: Anew) -> None:
    online.write(
        "fetch.py",
        f"""
import socket, urllib.request
for where in ("http://{HOST}:9/", "http://no.such.host.invalid/", "http://localhost:9/"):
    try: urllib.request.urlopen(where, timeout=5)
    except OSError: pass
""",
    )
    found = called(online, sys.executable, "fetch.py")
    assert [(each["host"], each["port"]) for each in found] == [
        (HOST, "9"), ("no.such.host.invalid", "80"),
    ]  # fmt: skip


def test_a_machine_s_calls_to_itself_are_no_gap(online: Anew) -> None:
    online.write(
        "fetch.py",
        """
import http.server, sys, threading, urllib.request
for host in ("127.0.0.1", "198.51.100.1"):
    server = http.server.ThreadingHTTPServer((host, 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    urllib.request.urlopen(f"http://{host}:{server.server_address[1]}/").read()
""",
    )
    assert called(online, sys.executable, "fetch.py") == []
    assert "network" not in str(online.json("show", "@1")["coverage"]["gaps"])
