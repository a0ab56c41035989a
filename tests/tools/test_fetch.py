"""`insightsim models fetch`, from a real server on this machine, with a small network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from insightsim import affectnet, cardfile, folders, models
from insightsim.errors import ModelError
from streaming.bundle import Remote
from tests import networks
from tools import cli, fetch

CONTENT = networks.network()


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of fetched files, empty at first."""
    monkeypatch.delenv(folders.FOLDER, raising=False)
    for module in ("insightsim.folders", "streaming.bundle"):
        monkeypatch.setattr(f"{module}.cache", lambda: tmp_path / "kept")
    return tmp_path / "kept"


@contextmanager
def server(body: bytes, status: int = 200, length: int | None = None) -> Iterator[tuple[Remote, list[str]]]:
    """The network at an address of this machine, and what was asked for there."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        serving = Thread(target=http.serve_forever, args=(0.01,))
        serving.start()
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        address = f"http://127.0.0.1:{http.server_port}/network.onnx"
        try:
            yield replace(fetch.NETWORK, address=address, sha256=sha256), asked
        finally:
            http.shutdown()
            serving.join()


def run(network: Remote, *options: str, answer: str = "") -> Result:
    """As the command does it, for a network at another address."""
    app = typer.Typer()

    @app.command()
    def get(yes: bool = False) -> None:
        fetch.fetch_network(yes, network)

    return CliRunner().invoke(app, options, input=answer)


def test_it_tells_what_it_is_and_asks_before_anything_is_fetched(kept: Path) -> None:
    with server(CONTENT) as (network, asked):
        done = run(network, answer="n\n")
    assert done.exit_code == 1
    for text in (affectnet.TRAINED_ON, affectnet.LICENCE, "Not measured by us", network.address, "sha256"):
        assert text in done.stdout
    assert "Fetch it?" in done.output
    assert asked == []
    assert not kept.exists()


def test_nobody_there_to_answer_is_no_consent(kept: Path) -> None:
    with server(CONTENT) as (network, asked):
        assert run(network, answer="").exit_code == 1
    assert (asked, kept.exists()) == ([], False)


@pytest.mark.parametrize(("options", "answer"), [((), "y\n"), (("--yes",), "")])
def test_with_consent_it_is_fetched_checked_and_kept_with_its_card(
    kept: Path, options: tuple[str, ...], answer: str
) -> None:
    with server(CONTENT) as (network, asked):
        done = run(network, *options, answer=answer)
        again = run(network)  # there already: neither asked nor fetched
    assert (done.exit_code, again.exit_code, asked) == (0, 0, ["/network.onnx"])
    assert affectnet.LICENCE in done.stdout, "the licence is told to scripts too"
    assert "Fetch it?" not in again.output
    assert (kept / "face-affectnet.onnx").read_bytes() == CONTENT
    assert models.named("face-affectnet") == kept / "face-affectnet.toml"
    assert models.verify(kept / "face-affectnet.toml").card == affectnet.card(network.sha256)


@pytest.mark.parametrize(
    ("body", "status", "length", "why"),
    [
        (CONTENT[:-1] + b"x", 200, None, "its sha256 is"),
        (CONTENT[:100], 200, len(CONTENT), "100 bytes came"),
        (b"gone", 404, None, "the server says 404"),
    ],
)
def test_what_does_not_come_whole_or_is_another_file_is_not_kept(
    kept: Path, body: bytes, status: int, length: int | None, why: str
) -> None:
    with server(body, status, length) as (network, _):
        done = run(network, "--yes")
    assert isinstance(done.exception, ModelError)
    message = str(done.exception)
    assert why in message
    assert network.address in message
    assert network.sha256 in message
    assert list(kept.iterdir()) == []


def test_an_intact_file_that_is_no_such_network_is_refused() -> None:
    other = networks.network(n_outputs=8)
    with server(other) as (network, _):
        done = run(replace(network, sha256=hashlib.sha256(other).hexdigest()), "--yes")
    assert "its card asks for output" in str(done.exception)


def test_without_a_connection_it_says_where_to_put_the_file_and_takes_one_that_was_put_there(
    kept: Path,
) -> None:
    with server(CONTENT) as (network, _):
        pass  # gone
    done = run(network, "--yes")
    assert "no connection" in str(done.exception)
    assert str(kept / "face-affectnet.onnx") in str(done.exception)
    kept.mkdir(exist_ok=True)
    (kept / "face-affectnet.onnx").write_bytes(CONTENT)
    assert run(network).exit_code == 0
    assert cardfile.read(kept / "face-affectnet.toml").sha256 == network.sha256


def test_a_damaged_file_is_named_and_fetched_again(kept: Path) -> None:
    kept.mkdir()
    (kept / "face-affectnet.onnx").write_bytes(b"damaged")
    with server(CONTENT) as (network, _):
        done = run(network, answer="y\n")
    assert "face-affectnet.onnx" in done.stderr
    assert done.exit_code == 0
    assert (kept / "face-affectnet.onnx").read_bytes() == CONTENT


def test_the_command_asks_about_the_official_address(kept: Path) -> None:
    done = CliRunner().invoke(cli.app, ["models", "fetch", "face-affectnet"], input="n\n")
    assert done.exit_code == 1
    assert affectnet.ADDRESS in done.stdout
    assert not kept.exists()


def test_what_cannot_be_fetched_is_refused_with_what_can() -> None:
    done = CliRunner().invoke(cli.app, ["models", "fetch", "eeg-deap32"])
    assert "there are: face-landmarker, face-affectnet" in str(done.exception)


def test_a_model_that_was_not_fetched_is_told_how_to_get() -> None:
    done = CliRunner().invoke(cli.app, ["models", "show", "face-affectnet"])
    assert "insightsim models fetch face-affectnet" in str(done.exception)


def test_show_and_verify_know_the_fetched_one(kept: Path) -> None:
    kept.mkdir()
    networks.saved(kept)
    shown = CliRunner().invoke(cli.app, ["models", "show", "face-affectnet"])
    assert "Not measured by us" in shown.stdout
    verified = CliRunner().invoke(cli.app, ["models", "verify", "face-affectnet"])
    assert "face-affectnet: intact" in verified.stdout


def landmarks(remote: Remote) -> Result:
    """As the command does it, for a landmark model at another address."""
    app = typer.Typer()

    @app.command()
    def get() -> None:
        fetch.fetch_bundle(replace(remote, name="face.task", size=len(CONTENT), licence="Apache-2.0"))

    return CliRunner().invoke(app)


def test_the_landmark_model_is_fetched_once_with_a_word_on_what_it_is(kept: Path) -> None:
    with server(CONTENT) as (remote, asked):
        done, again = landmarks(remote), landmarks(remote)
    assert (done.exit_code, again.exit_code, len(asked)) == (0, 0, 1)
    for text in (f"{len(CONTENT):,} bytes", "Apache-2.0", remote.address, str(kept / "face.task")):
        assert text in done.stdout
    assert remote.address not in again.stdout
    assert (kept / "face.task").read_bytes() == CONTENT


def test_a_wrong_landmark_model_is_replaced_where_it_was_fetched_and_named_where_it_was_put(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.mkdir()
    (kept / "face.task").write_bytes(b"damaged")
    with server(CONTENT) as (remote, _):
        assert landmarks(remote).exit_code == 0
        assert (kept / "face.task").read_bytes() == CONTENT
        (tmp_path / "face.task").write_bytes(b"another")
        monkeypatch.setenv(folders.FOLDER, str(tmp_path))
        done = landmarks(remote)
    assert str(tmp_path / "face.task") in str(done.exception)
    assert (tmp_path / "face.task").read_bytes() == b"another"


def test_the_command_gets_the_landmark_model_unless_told_otherwise(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(folders.FOLDER, str(bundle.parent))
    done = CliRunner().invoke(cli.app, ["models", "fetch"])
    assert (done.exit_code, done.stdout.split()[0]) == (0, str(bundle))
