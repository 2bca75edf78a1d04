# SPDX-License-Identifier: Apache-2.0
"""The embedded server: where its data lie, who may reach them, joining, and coming back after a kill."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store_world import case_write

from openecp.platform.store import StoreError, open_store, temporary_data_folder
from openecp.platform.store.embedded import EmbeddedServer, default_data_folder

ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    made = temporary_data_folder("openecp-test-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_the_data_folder_is_as_told_else_in_the_state_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENECP_DATA", str(folder / "x"))
    assert default_data_folder() == folder / "x"
    monkeypatch.delenv("OPENECP_DATA")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    assert default_data_folder() == folder / "openecp"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(folder))
    assert default_data_folder() == folder / ".local" / "state" / "openecp"
    folder.chmod(0o700)
    if ROOT:  # the database user could not pass
        assert default_data_folder() in (Path("/var/lib/openecp"), Path("/var/tmp/openecp-0"))
    else:
        assert default_data_folder() == folder / ".local" / "state" / "openecp"


@pytest.mark.skipif(not ROOT, reason="only root starts the server under another user")
def test_root_is_told_about_a_folder_that_the_server_cannot_reach(folder: Path) -> None:
    folder.chmod(0o700)
    with pytest.raises(StoreError, match=f"cannot pass {folder}; fix: set OPENECP_DATA"):
        EmbeddedServer(folder / "data").start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700  # nothing was opened to make it work


def test_a_folder_of_somebody_else_or_open_to_all_is_refused(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(StoreError, match="others cannot write to"):
        EmbeddedServer(folder).start()
    if ROOT:
        folder.chmod(0o711)
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        with pytest.raises(StoreError, match="expected a folder of user 0"):
            EmbeddedServer(folder).start()


def test_a_second_store_joins_a_killed_server_comes_back_and_the_last_one_stops_it(folder: Path) -> None:
    long = folder / ("a-very-long-folder-name-" * 5)  # too long for a socket
    if ROOT:
        folder.chmod(0o711)
    first = open_store(long)
    server = first.server
    assert server is not None
    pid = server.pid()
    second = open_store(long)
    assert second.server is not None
    assert (second.server.pid(), pid is not None) == (pid, True)
    assert first.write([case_write("case-1")])[0].outcome == "recorded"
    os.kill(pid or 0, signal.SIGKILL)
    assert first.write([case_write("case-2")])[0].outcome == "recorded"
    assert [event.seq for event in second.events()] == [1, 2, 3, 4]
    first.close()
    assert second.healthy()
    second.close()
    assert not (long / "postgres" / "postmaster.pid").exists()
    assert stat.S_IMODE((long / "postgres").stat().st_mode) == 0o700


@pytest.mark.slow
@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_an_ordinary_user_with_a_closed_home_opens_a_store(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    folder.chmod(0o711)
    program = "from openecp.platform.store import open_store as o; s = o(); print(s.size(), s.folder); s.close()"
    paths = os.pathsep.join(path for path in sys.path if path)
    as_nobody: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}
    for python in (sys.executable, "/usr/bin/python3"):  # the first may lie in root's own closed home
        try:
            version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True, **as_nobody).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        if version.split(".")[:2] == [f"Python {sys.version_info.major}", str(sys.version_info.minor)]:
            break
    else:
        pytest.skip("no Python of this version that user nobody may run")
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", program], env=clean, capture_output=True, text=True, timeout=120, **as_nobody)
    assert done.stdout == f"0 {home}/.local/state/openecp\n", done.stderr
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
