# SPDX-License-Identifier: Apache-2.0
"""A real server: starts, answers, says what is wrong, stops cleanly, and finds its store right when it starts again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from openecp.platform.cli.serve import free_port
from openecp.platform.store import temporary_data_folder

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "declarations"


def command(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openecp.bootstrap", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "OPENECP_DATA": str(data), "OPENECP_PROFILE": "demo"},
        cwd=ROOT,
    )


class Running:
    """`openecp serve` on a data folder."""

    def __init__(self, data: Path) -> None:
        self.port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, "OPENECP_DATA": str(data), "OPENECP_PROFILE": "demo"}
        arguments = [sys.executable, "-m", "openecp.bootstrap", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
        end = time.monotonic() + 90
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(by)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def data() -> Iterator[Path]:
    folder = temporary_data_folder("openecp-e2e-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_server_from_start_to_stop_and_again(data: Path) -> None:
    made = command("token", "broker", "--organisation", "org", "--role", "trader", data=data)
    assert made.returncode == 0, made.stderr
    headers = {"authorization": "Bearer " + made.stdout.split()[1], "content-type": "application/xml"}
    server = Running(data)
    content = (DEMO / "102-tshirts.xml").read_bytes()
    with httpx.Client(base_url=server.url, timeout=30) as client:
        first = client.post("/declarations", content=content, headers=headers)
        assert first.status_code == 201, first.text
        again = client.post("/declarations", content=content, headers=headers)
        assert (again.status_code, again.json()["mrn"]) == (200, first.json()["mrn"])
        large = client.post("/declarations", content=b"<a>" + b" " * 11_000_000, headers=headers)
        assert large.status_code == 413
        assert client.get("/", headers=headers).status_code in (200, 303, 404)
        assert client.get("/console", follow_redirects=True).status_code == 200
    second = command("serve", "--port", "0", data=data)  # two servers on one folder
    assert second.returncode == 2
    assert "already running" in second.stderr
    taken = command("--data", str(data / "other"), "serve", "--port", str(server.port), data=data)
    assert taken.returncode == 2
    assert "cannot listen" in taken.stderr
    lodged = command("lodge", str(DEMO / "101-laptops.xml"), "--json", data=data)  # through the running server
    assert lodged.returncode == 0, lodged.stderr
    line = json.loads(lodged.stdout)
    assert (line["outcome"], line["status"]) == ("accepted", "cleared")
    assert [n["function_code"] for n in line["notifications"]] == ["01", "13", "13", "09"]
    code, said = server.stop()
    assert code == 0, said
    assert "has stopped" in said
    assert "Traceback" not in said
    server = Running(data)
    found = httpx.get(f"{server.url}/declarations/{first.json()['mrn']}", headers=headers, timeout=30)
    assert found.json()["status"] == "cleared"
    again = httpx.post(f"{server.url}/declarations", content=content, headers=headers, timeout=30)
    assert (again.status_code, again.json()["mrn"]) == (200, first.json()["mrn"])
    code, said = server.stop(signal.SIGINT)
    assert code == 0, said
    verified = command("journal", "verify", data=data)
    assert verified.returncode == 0, verified.stdout
    in_process = command("lodge", str(DEMO / "103-schoolbooks.xml"), "--json", data=data)  # no server now
    assert json.loads(in_process.stdout)["status"] == "cleared"
    shown = command("show", json.loads(in_process.stdout)["mrn"], data=data)
    assert "DeclarationAccepted" in shown.stdout


@pytest.mark.slow
def test_stopping_under_load_answers_what_was_taken(data: Path) -> None:
    made = command("token", "broker", "--organisation", "org", "--role", "trader", data=data)
    headers = {"authorization": "Bearer " + made.stdout.split()[1], "content-type": "application/xml"}
    server = Running(data)
    content = (DEMO / "102-tshirts.xml").read_bytes()

    def lodge(number: int) -> tuple[str, int]:
        lrn = f"S{number:05d}"
        body = content.replace(b"BA24-0102", lrn.encode())
        try:
            return lrn, httpx.post(f"{server.url}/declarations", content=body, headers=headers, timeout=60).status_code
        except httpx.HTTPError:
            return lrn, 0

    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(lodge, number) for number in range(120)]
        time.sleep(1.0)
        code, said = server.stop()
    assert code == 0, said
    acknowledged = [lrn for lrn, status in (answer.result() for answer in answers) if status == 201]
    server = Running(data)
    for lrn in acknowledged[:10]:
        body = content.replace(b"BA24-0102", lrn.encode())
        assert httpx.post(f"{server.url}/declarations", content=body, headers=headers, timeout=60).status_code == 200
    server.stop()
