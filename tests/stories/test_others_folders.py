"""A replay by a user who may not look into a folder that the original's files lay in."""

import ctypes
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from anew.execute import room
from anew.execute.protocol import Mount

NOBODY = 65534
PR_SET_DUMPABLE = 4


@pytest.mark.skipif(os.getuid() != 0, reason="another user's folder is made by root only")
def test_a_file_is_shown_where_the_folder_above_is_closed() -> None:
    top = Path(tempfile.mkdtemp())
    try:
        closed, given, scratch = top / "closed", top / "given", top / "scratch"
        for folder in (closed, given, scratch):
            folder.mkdir()
        (closed / "secret").write_text("no one's business")
        (given / "file.txt").write_text("shown")
        target = closed / "below" / "here"
        top.chmod(0o755)
        scratch.chmod(0o777)
        closed.chmod(0o700)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as a new program would be
                if not room.possible():
                    code = 77
                elif room.enter((Mount(str(given), str(target)),), scratch / "own"):
                    shown = (target / "file.txt").read_text() == "shown"
                    code = 0 if shown and os.listdir(closed) == ["below"] else 2
            finally:
                os._exit(code)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if ended == 77:
            pytest.skip("no user namespaces here")
        assert ended == 0
        assert sorted(os.listdir(closed)) == ["secret"]
    finally:
        shutil.rmtree(top)
