"""Which line a key stands on, whatever the text around it looks like."""

import pytest

from chalicelib.domain.trading.configuration.toml_lines import key_lines, line_of


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("\n# [t]\n[t]\na = 1\n", ("t", "a"), 4),
        ("[t] # comment ]\na = 1", ("t", "a"), 2),
        ('[t."x.y"]\na = 1\n', ("t", "x.y", "a"), 2),
        ("[t.'x y']\na = 1\n", ("t", "x y"), 1),
        ("b = 2\n[t.'x y']\na = 1\n", ("t", "x y"), 2),
        ("  [t]\n  a = 1\n", ("t", "a"), 2),
        ("[Xy]\na = 1\n", ("Xy", "a"), 2),
        ("X = 1\nb = 2\n", ("b",), 2),
        ("b = 1\na = 2 # [", ("a",), 2),
        ('a = "\\""\nb = 2\n', ("b",), 2),
        ('["a\\"b"]\nc = 1\n', ('a"b', "c"), 2),
        ("x.y.z = 1\n", ("x", "y"), 1),
        ("a = [\n  1, # ]\n  2,\n]\nb = 1\n", ("b",), 5),
        ("a = { b = 1 }\nc = 2\n", ("c",), 2),
        ('a = """\nb = 1\n"""\nb = 2\n', ("b",), 4),
        ("a = '''\n[t]\n'''\nb = 2\n", ("b",), 4),
        ('a = "# [ \\" {"\nb = 2\n', ("b",), 2),
        ("a = '\\'\nb = 2\n", ("b",), 2),
        ("[[t]]\na = 1\n", ("t", "a"), 2),
        ("a = 1\r\nb = 2\r\n", ("b",), 2),
        ("[t]\na = 1\n", ("t", "missing"), 1),
        ("\n\n[t]\na = 1\n", ("elsewhere",), 1),
        ("a = { b = 1 }\n", ("a", "b"), 1),
    ],
)
def test_the_line_of_a_key(text: str, path: tuple[str, ...], line: int) -> None:
    assert line_of(key_lines(text), path) == line
