"""crypto-bot sweep: candles of the lake in; the best, what they are worth, and a map out."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import active_children
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.sweeps import bot_named, trial_pool
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.sweep_trial import Task, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.services.bots.backtest_bot import candles_kept
from tests.functional.cli.owner_desk import Desk
from tests.functional.cli.test_backtesting import keep, page, wave, words_of
from tests.unit.bots.paper_market import instrument

CROSS = """
from pathlib import Path

from chalicelib.domain.bots import Bot, Param

class Cross(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 5
    fast = Param(3, 2, 20)
    slow = Param(10, 5, 60)

    def start(self, ctx):
        if self.fast == 13:
            raise ValueError("thirteen")
        if self.fast == 5 and Path(__file__).with_suffix(".stop").exists():
            raise KeyboardInterrupt
        self.f, self.s = ctx.sma(self.fast), ctx.sma(self.slow)

    def on_candle(self, ctx):
        if self.f.crossed_above(self.s):
            ctx.target(1.0)
        elif self.f.crossed_below(self.s):
            ctx.target(0)
"""
SVG = "{http://www.w3.org/2000/svg}"
GRID = ("--param", "fast=3:6:1", "--param", "slow=10,20,40")


@pytest.fixture
def bot(desk: Desk, tmp_path: Path) -> str:  # noqa: ARG001 - its home has the lake
    keep(wave(600))
    file = tmp_path / "cross.py"
    file.write_text(CROSS)
    return str(file)


def swept(desk: Desk, file: Path, *words: str) -> Any:
    desk.run("sweep", *words, "--json", str(file))
    return json.loads(file.read_text())


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def tried(file: Path) -> list[tuple[int, int]]:
    """Each trial by the start of its span and its fast length, in the order of the file."""
    return [(row["since"], row["parameters"]["fast"]) for row in lines(file)[1:]]


def test_the_best_in_sample_is_tried_on_what_follows(desk: Desk, bot: str, tmp_path: Path) -> None:
    kept, shown, written = tmp_path / "t.jsonl", tmp_path / "s.html", tmp_path / "s.json"
    words = ("sweep", bot, *GRID, "--fee", "0", "--split", "0.6", "--output", str(kept))
    said = desk.run(*words, "--html", str(shown), "--json", str(written))
    told = json.loads(written.read_text())
    (window,) = told["windows"]
    assert window["in_sample"] == {"since": "2026-01-01T00:00:00Z", "until": "2026-01-16T00:00:00Z"}
    assert window["out_of_sample"] == {
        "since": "2026-01-16T00:00:00Z",
        "until": "2026-01-26T00:00:00Z",
    }
    assert (told["trials"], len(window["best"]), len(lines(kept))) == (12, 10, 1 + 12 + 10)
    ratios = [pair["in_sample"]["sharpe"] for pair in window["best"]]
    assert ratios == sorted(ratios, reverse=True)
    best = window["best"][0]
    _is_what_backtest_says(desk, bot, best, window["in_sample"]["until"], tmp_path)
    assert best["in_sample"]["sharpe"] == pytest.approx(ratios[0])
    heat = told["heat_map"]
    assert (heat["down"]["values"], heat["across"]["values"]) == ([3, 4, 5, 6], [10, 20, 40])
    row = heat["down"]["values"].index(best["parameters"]["fast"])
    column = heat["across"]["values"].index(best["parameters"]["slow"])
    assert heat["cells"][row][column] == ratios[0] == max(max(cells) for cells in heat["cells"])
    assert 0 <= window["deflated_sharpe"] <= 1
    first = re.search(r"^ +1 +(\d+) +(\d+) +(\S+) ", said.stdout, re.M)
    assert first is not None
    assert first.groups() == (
        str(best["parameters"]["fast"]),
        str(best["parameters"]["slow"]),
        f"{ratios[0]:.2f}",
    )
    assert re.search(r"^  trials +12$", said.stdout, re.M)
    assert re.search(
        rf"^  deflated Sharpe +{window['deflated_sharpe']:.2%}"[:-1], said.stdout, re.M
    )
    read = page(shown)
    cells = [each for each in read.iter(f"{SVG}rect") if each.get("class") == "cell"]
    assert len(cells) == 12
    assert f"fast {best['parameters']['fast']}, slow {best['parameters']['slow']}: " in words_of(
        read
    )
    assert (told["warning"] in said.stderr) is bool(told["warning"])


def _is_what_backtest_says(desk: Desk, bot: str, best: Any, border: str, folder: Path) -> None:
    words = ("backtest", bot, *(f"--param={k}={v}" for k, v in best["parameters"].items()))
    # The out-of-sample part has the five candles before it as warm-up.
    parts = {"in_sample": ("--until", border), "out_of_sample": ("--since", "2026-01-15T19:00Z")}
    for part, times in parts.items():
        desk.run(*words, "--fee", "0", *times, "--json", str(folder / "single.json"))
        summary = json.loads((folder / "single.json").read_text())["summary"]
        for name in ("total_return", "max_drawdown", "round_trips"):
            assert best[part][name] == pytest.approx(summary[name]), (part, name)


def test_what_was_tried_is_not_tried_again(desk: Desk, bot: str, tmp_path: Path) -> None:
    kept, written = tmp_path / "t.jsonl", tmp_path / "s.json"
    words = (bot, *GRID, "--output", str(kept))
    first = swept(desk, written, *words)
    before = kept.read_text()
    assert swept(desk, written, *words) == first
    assert kept.read_text() == before
    # A line that was cut off costs one trial, and a wider grid the new ones only.
    kept.write_text(before[: len(before) - 20])
    assert swept(desk, written, *words) == first
    assert len(lines_of(kept)) == 1 + 22 + 1
    wider = swept(
        desk, written, bot, "--param", "fast=3:7", GRID[2], GRID[3], "--output", str(kept)
    )
    assert (first["trials"], wider["trials"]) == (12, 15)


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines()


def test_ctrl_c_keeps_what_is_done(desk: Desk, bot: str, tmp_path: Path) -> None:
    kept, written, stop = tmp_path / "t.jsonl", tmp_path / "s.json", tmp_path / "cross.stop"
    stop.touch()
    stopped = desk.run("sweep", bot, *GRID, "--output", str(kept), code=130)
    assert stopped.stderr.splitlines()[-1] == (
        f"crypto-bot: stopped; what was tried is kept in {kept}: the same command goes on"
    )
    assert [fast for _, fast in tried(kept)] == [3, 3, 3, 4, 4, 4]
    stop.unlink()
    said = desk.run("sweep", bot, *GRID, "--output", str(kept), "--json", str(written))
    assert re.search(r"^  trials +12, 6 of them known from before$", said.stdout, re.M)
    assert [fast for _, fast in tried(kept)][:12] == [3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]
    assert json.loads(written.read_text()) == swept(desk, tmp_path / "o.json", bot, *GRID)


def test_processes_find_the_same(desk: Desk, bot: str, tmp_path: Path) -> None:
    one = swept(desk, tmp_path / "1.json", bot, *GRID, "--output", str(tmp_path / "1.jsonl"))
    two = swept(
        desk,
        tmp_path / "2.json",
        *(bot, *GRID, "--output", str(tmp_path / "2.jsonl"), "--processes", "2"),
    )
    assert one == two
    assert sorted(lines_of(tmp_path / "1.jsonl")) == sorted(lines_of(tmp_path / "2.jsonl"))


def test_a_process_that_is_killed_is_told(desk: Desk, bot: str, tmp_path: Path) -> None:
    file = tmp_path / "cross.py"
    file.write_text(CROSS.replace("raise KeyboardInterrupt", "__import__('os')._exit(9)"))
    (tmp_path / "cross.stop").touch()
    said = desk.run("sweep", bot, *GRID, "--processes", "2", code=1)
    assert said.stderr.splitlines()[-1].startswith(
        "crypto-bot: a process of the sweep ended before its work did; with fewer of them"
    )


def test_a_bot_without_an_end_does_not_hold_up_the_end(bot: str, tmp_path: Path) -> None:
    endless = CROSS.replace("raise KeyboardInterrupt", "while True: pass")
    Path(bot).write_text(endless)
    (setup,) = set_up(bot_named(bot))
    until = datetime(2026, 2, 1, tzinfo=UTC)
    candles = candles_kept(setup, candle_lake(), venue="binance", since=None, until=until)
    span = Span(candles["BTC/USDT"].start[0], candles["BTC/USDT"].start[-1])
    trials = Trials(setup, candles, Terms({"BTC/USDT": instrument()}, Decimal(1000)))
    (tmp_path / "cross.stop").touch()
    before = active_children()
    pool = trial_pool(bot, endless, trials, processes=2, count=4)
    found = pool.run([Task(span, {"fast": fast, "slow": 20}) for fast in (3, 4, 5, 5)], 1)
    assert {next(found).task.parameters["fast"] for _ in range(2)} == {3, 4}
    ending = Thread(target=pool.close, daemon=True)
    ending.start()
    ending.join(timeout=30)
    left = [child for child in active_children() if child not in before]
    for child in left:
        child.kill()
    assert left == []
    assert not ending.is_alive()


def test_a_walk_forward(desk: Desk, bot: str, tmp_path: Path) -> None:
    shown = tmp_path / "s.html"
    told = swept(
        desk, tmp_path / "s.json", *(bot, *GRID, "--walk-forward", "3", "--html", str(shown))
    )
    assert [window["out_of_sample"]["since"][:10] for window in told["windows"]] == [
        "2026-01-13",
        "2026-01-17",
        "2026-01-21",
    ]
    grown = 1.0
    for window in told["windows"]:
        grown *= 1 + window["best"][0]["out_of_sample"]["total_return"]
    assert told["out_of_sample"]["total_return"] == pytest.approx(grown - 1)
    assert told["trials"] == 36
    titles = [words_of(title) for title in page(shown).iter("h2")]
    assert "Walk forward" in titles


def test_a_draw_and_a_condition(desk: Desk, bot: str, tmp_path: Path) -> None:
    words = (bot, "--param", "fast", "--param", "slow", "--where", "fast<slow", "--random", "8")
    told = swept(desk, tmp_path / "1.json", *words, "--seed", "3")
    assert (told["trials"], told["drawn"], told["conditions"]) == (8, 8, ["fast<slow"])
    pairs = [pair["parameters"] for pair in told["windows"][0]["best"]]
    assert all(pair["fast"] < pair["slow"] for pair in pairs)
    again = swept(desk, tmp_path / "2.json", *words, "--seed", "3")
    assert again == told


def test_a_combination_that_stops_is_told(desk: Desk, bot: str, tmp_path: Path) -> None:
    shown = tmp_path / "s.html"
    words = ("sweep", bot, "--param", "fast=12:14", "--param", "slow=20,30")
    said = desk.run(*words, "--html", str(shown))
    told = "Cross.start: ValueError: thirteen"
    assert re.search(rf"crypto-bot: 2 of the trials stopped: line \d+, {told}", said.stderr)
    assert told in words_of(page(shown))
    refused = desk.run("sweep", bot, "--param", "fast=13", code=1)
    assert f"no combination ran; the first one: line 15, {told}" in refused.stderr


def test_other_candles_are_another_sweep(desk: Desk, bot: str, tmp_path: Path) -> None:
    kept = tmp_path / "t.jsonl"
    words = ("sweep", bot, "--param", "fast=3", "--output", str(kept))
    desk.run(*words)
    keep([*wave(600), 120.0])
    told = desk.run(*words, code=2).stderr.splitlines()[-1]
    assert told == (
        f"crypto-bot: {kept} has the trials of another sweep: the bot, its candles or the account's"
        " terms were not the same. Name another file, or remove this one to begin anew"
    )
    kept.write_text("a note of mine\n")
    told = desk.run(*words, code=2).stderr.splitlines()[-1]
    assert told.endswith("has something else than trials of a sweep in it: name another")
    assert kept.read_text() == "a note of mine\n"
    desk.run(*words[:4])
    desk.run(*words[:4], "--cash", "5000")
    assert len(list((desk.home / "sweeps").glob("Cross-*.jsonl"))) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no parameter to go through is named; Cross has: fast, slow"),
        (("--param", "quick=5"), "Cross has no parameter quick; it has: fast, slow"),
        (("--param", "fast=1:5"), "fast is 1; it must be a whole number from 2 to 20"),
        (("--param", "fast", "--where", "fast>30"), "no combination of fast meets fast>30"),
        (("--param", "fast", "--where", "fast"), "'fast' is no condition: write a parameter"),
        (("--param", "fast", "--random", "0"), "0 combinations: from 1 to 100,000 can be drawn"),
        (
            ("--param", "fast", "--split", "1"),
            "the in-sample part is 1; it must be between 0 and 1",
        ),
        (("--param", "fast", "--walk-forward", "0"), "0 windows: a walk forward has from 1 to 100"),
        (
            ("--param", "fast", "--split", "0.5", "--walk-forward", "3"),
            "--split and --walk-forward are two ways of doing it: give one of them",
        ),
        (
            ("--param", "fast", "--until", "2026-01-01T06:00"),
            "6 candles are too few: 4 of them would be to choose on and 2 to prove it on",
        ),
        (
            ("--param", "fast", "--since", "2027-01-01"),
            "there are no candles of binance BTC/USDT 1h in the lake from 2027-01-01 00:00 on;"
            " those that it has are from 2026-01-01 00:00 to 2026-01-25 23:00",
        ),
        (
            ("--param", "fast", "--since", "2026-01-03", "--until", "2026-01-02"),
            "--until is 2026-01-02; it must be after --since, which is 2026-01-03",
        ),
        (("--param", "fast", "--html", "no/s.html"), "no/s.html cannot be written: there is no"),
        (("--param", "fast", "--output", "no/t.jsonl"), "no/t.jsonl cannot be written: there is"),
    ],
)
def test_slips(desk: Desk, bot: str, words: tuple[str, ...], told: str) -> None:
    said = desk.run("sweep", bot, *words, code=2)
    assert said.stdout == ""
    assert said.stderr.splitlines()[-1].startswith(f"crypto-bot: {told}")


def test_a_page_holds_nothing_but_text(desk: Desk, tmp_path: Path) -> None:
    keep(wave(300))
    file, shown = tmp_path / "cross.py", tmp_path / "s.html"
    file.write_text(CROSS + '\nCross.__name__ = "</title><script>alert(1)</script>"\n')
    desk.run("sweep", str(file), "--param", "fast=3,4", "--html", str(shown))
    (title,) = page(shown).iter("h1")
    assert title.text == "</title><script>alert(1)</script>"
    (kept,) = (desk.home / "sweeps").iterdir()
    assert re.fullmatch(r"_title_script_alert_1_script_-[0-9a-f]{16}\.jsonl", kept.name)
