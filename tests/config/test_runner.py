"""The runner, as a newcomer meets it: what it says when it cannot, and what it leaves behind: nothing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runner import machine
from runner.programs import Program, configuration
from runner.steps import Steps, digest, is_stamped, together
from tests.patience import PATIENCE_S, wait_until
from tests.processes import command_line

ROOT = Path(__file__).resolve().parents[2]


# --- a machine that cannot ----------------------------------------------------------------------


def test_a_port_in_use_is_told_with_a_way_out(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        environment = {**os.environ, "DEEPSPINE_PORT": str(port), "DEEPSPINE_DATA_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "runner", "run"]
        refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Port {port} is in use by another program.")
    assert "make run DEEPSPINE_PORT=" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_by_name(monkeypatch, port):
    monkeypatch.setenv("DEEPSPINE_PORT", port)
    with pytest.raises(machine.Unfit, match=r"DEEPSPINE_PORT is .*65535"):
        machine.port_from_environment()


def test_an_old_python_is_told_which_to_take():
    with pytest.raises(machine.Unfit, match=r"Python 3\.9 is too old; 3\.11"):
        machine.check_python((3, 9))


def a_program(folder: Path, name: str, says: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


def test_a_missing_node_is_told_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(machine.Unfit, match=r"Node\.js is missing.*nodejs\.org"):
        machine.check_node()


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.1", "nonsense"])
def test_an_old_node_is_told_what_is_needed(monkeypatch, tmp_path, version):
    a_program(tmp_path, "node", version)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(machine.Unfit, match=r"too old.*20\.19 or later"):
        machine.check_node()


def test_node_without_npm_is_told_so(monkeypatch, tmp_path):
    a_program(tmp_path, "node", "v20.19.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(machine.Unfit, match="npm is missing"):
        machine.check_node()
    a_program(tmp_path, "npm", "10.0.0")
    machine.check_node()


def test_a_full_disk_is_told_with_what_is_needed(tmp_path):
    with pytest.raises(machine.Unfit, match=r"GiB free, and 1073741824\.0 GiB are needed"):
        machine.check_disk(tmp_path / "not" / "yet", machine.GIB**2)
    machine.check_disk(tmp_path, 1)


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(machine.Unfit, match="Cannot write to"):
        machine.check_writable(tmp_path / "file" / "data")


# --- steps --------------------------------------------------------------------------------------


def test_a_step_that_fails_says_what_was_said_and_what_to_do(tmp_path, capfd):
    with pytest.raises(SystemExit) as end:
        Steps(1, tmp_path).run("Packages", [["sh", "-c", "echo no such host; exit 3"]], cwd=tmp_path, hint="Network?")
    for part in ("[1/1] Packages failed (status 3)", "no such host", "Network?"):
        assert part in str(end.value)


def test_a_step_says_how_long_it_took(tmp_path, capfd):
    Steps(2, tmp_path).run("Packages", [["true"]], cwd=tmp_path, hint="")
    assert "[1/2] Packages: done in 0 s" in capfd.readouterr().out


def test_steps_that_do_not_need_each_other_are_taken_at_once_and_a_failure_is_told(tmp_path, capfd):
    steps, a, b = Steps(2, tmp_path), tmp_path / "a", tmp_path / "b"

    def meet(title, made, awaited, code):
        wait = f"until [ -e {awaited} ]; do sleep 0.1; done; echo {title} met; exit {code}"
        steps.run(title, [["timeout", str(PATIENCE_S), "sh", "-c", f"touch {made}; {wait}"]], cwd=tmp_path, hint="")

    with pytest.raises(SystemExit, match=r"Viewer failed \(status 3\)"):
        together(partial(meet, "Python", a, b, 0), partial(meet, "Viewer", b, a, 3))
    assert "Python: done" in capfd.readouterr().out
    logs = sorted(log.read_text() for log in tmp_path.glob("setup-*.log"))
    assert logs == ["Python met\n", "Viewer met\n"]


def test_a_stamp_holds_until_a_pin_changes(tmp_path):
    pins = tmp_path / "requirements.txt"
    pins.write_text("django==5.2")
    stamp = tmp_path / "stamp"
    assert not is_stamped(stamp, digest([pins]))
    stamp.write_text(digest([pins]))
    assert is_stamped(stamp, digest([pins]))
    pins.write_text("django==5.3")
    assert not is_stamped(stamp, digest([pins]))


# --- the processes ------------------------------------------------------------------------------


class Runner:
    """The runner over some programs, in a data folder by which all its processes are known."""

    def __init__(self, data_dir: Path, programs: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "terminal"
        code = f"""
import pathlib
from runner.programs import Program, product
from runner.supervise import supervise
folder = pathlib.Path({str(data_dir)!r})
supervise({programs}, folder)
"""
        kept = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL"}}
        kept |= {"DEEPSPINE_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-c", code],
                cwd=ROOT,
                env=kept,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def other_processes(self) -> dict[int, str]:
        """Every other process that carries our data folder in its environment: pid and command line."""
        mark = f"DEEPSPINE_DATA_DIR={self.data_dir}".encode()
        pids = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != self.process.pid:
                    pids[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return {pid: line for pid, line in pids.items() if line}

    def pid_of(self, part: str) -> int | None:
        return next(
            (pid for pid, line in self.other_processes().items() if part in line and "setpriv" not in line), None
        )


@pytest.fixture
def start_runner(tmp_path_factory) -> Iterator[Callable[[str], Runner]]:
    runners = []

    def start(programs: str) -> Runner:
        runners.append(Runner(tmp_path_factory.mktemp("run"), programs))
        return runners[-1]

    yield start
    for runner in runners:
        if runner.process.poll() is None:
            runner.process.kill()
            runner.process.wait()


LIGHT = "[Program('first', ['sleep', '1001']), Program('second', ['sleep', '1002'])]"


def test_a_program_that_is_killed_is_started_again_and_the_terminal_says_so(start_runner):
    runner = start_runner(LIGHT)
    wait_until(lambda: "success: second" in runner.output(), "both programs")
    victim = runner.pid_of("sleep 1002")
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: runner.pid_of("sleep 1002") not in (None, victim), "the second program again")
    assert "exited: second (terminated by SIGKILL; not expected)" in runner.output()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_everything_cleanly(start_runner, how):
    runner = start_runner(LIGHT)
    wait_until(lambda: runner.pid_of("sleep 1002"), "both programs")
    runner.process.send_signal(how)
    assert runner.process.wait(PATIENCE_S) == 0
    assert runner.other_processes() == {}
    assert "stopped: first" in runner.output()
    assert not (runner.data_dir / "runner.pid").exists()


def test_a_killed_runner_leaves_no_orphan(start_runner):
    runner = start_runner(LIGHT)
    wait_until(lambda: runner.pid_of("sleep 1001") and runner.pid_of("sleep 1002"), "both programs")
    runner.process.kill()
    runner.process.wait()
    wait_until(lambda: not runner.other_processes(), "the end of all children")


def test_a_second_runner_on_the_same_data_is_refused(start_runner):
    runner = start_runner(LIGHT)
    pid_file = runner.data_dir / "runner.pid"
    wait_until(pid_file.exists, "the runner")
    with pytest.raises(machine.Unfit, match=f"already runs on .* as process {runner.process.pid}"):
        machine.check_not_running(pid_file)
    runner.process.kill()
    runner.process.wait()
    machine.check_not_running(pid_file)


@pytest.mark.slow
def test_the_whole_product_comes_up_survives_a_killed_worker_and_leaves_no_orphan(start_runner, unused_port):
    runner = start_runner(f"product(folder, {unused_port})[:-1]")
    database = {**os.environ, "DEEPSPINE_DATA_DIR": str(runner.data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
    database["DATABASE_URL"] = ""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=database, check=True, capture_output=True
    )

    login = f"http://127.0.0.1:{unused_port}/accounts/login/"

    def answers() -> bool:
        try:
            return urllib.request.urlopen(login, timeout=PATIENCE_S).status == 200
        except OSError:
            return False

    wait_until(answers, "the web server")
    inference = runner.data_dir / "logs" / "inference.log"
    wait_until(lambda: "ready" in inference.read_text(), "the inference worker")
    worker = runner.pid_of("-n inference@")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: runner.pid_of("-n inference@") not in (None, worker), "the worker again")
    runner.process.kill()
    runner.process.wait()
    wait_until(lambda: not runner.other_processes(), f"the end of {runner.other_processes()}")


@pytest.fixture
def unused_port() -> int:
    """Below those that Linux gives to whoever asks for any (from 32768 on): none is taken while the product starts."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no free port")


def test_a_path_with_spaces_and_percents_reaches_the_programs(tmp_path):
    odd = tmp_path / "a b%20c"
    text = configuration([Program("one", ["echo", str(odd)])], odd)
    assert "a b%%20c'" in text
    assert shutil.which("setpriv")


def test_demo_patients_that_are_being_made_end_with_the_product():
    program = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    code = f"from runner import ready; ready.manage('shell', '--no-imports', '-c', {program!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as maker:
        child = int(maker.stdout.readline())
        maker.terminate()
    wait_until(lambda: not command_line(child), "the demo patients to end")
