"""The dashboard's files: all there, text only, kept by browsers, and let do no more than needed."""

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from chalicelib.api.web_files import KINDS, ROOT, WebFiles
from tests.web.answers import from_lambda
from tests.web.vendoring.__main__ import HASHES, HERE, VENDOR, hashes

IMPORT = re.compile(r"""(?:\bfrom |\bimport\(|\bresolve\()["']([\w./-]+)["']""")
MAP = re.compile(r'<script type="importmap">(.*?)</script>')


def page() -> str:
    return str(from_lambda("/ui")["body"])


def import_map() -> dict[str, str]:
    found: dict[str, str] = json.loads(MAP.search(page()).group(1))["imports"]  # type: ignore[union-attr]
    return found


def own_modules() -> list[str]:
    names = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.js"))
    return sorted(name for name in names if not name.startswith("vendor/"))


def test_every_file_of_the_page_is_served_as_what_it_is_and_kept_for_ever():
    addresses = {*import_map().values(), *re.findall(r'(?:href|src)="(ui/[^"]+)"', page())}
    assert len(addresses) > 20
    for address in sorted(addresses):
        answer = from_lambda("/" + address.removeprefix("./"))
        assert answer["statusCode"] == 200, address
        headers = answer["headers"]
        assert headers["Content-Type"] == KINDS["." + address.rsplit(".", 1)[1]]
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert sha256(answer["body"].encode()).hexdigest()[:12] in address


def test_the_page_is_asked_for_each_time_and_sent_when_it_has_changed():
    answer = from_lambda("/ui")
    headers = answer["headers"]
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    again = from_lambda("/ui", **{"if-none-match": headers["ETag"]})
    assert (again["statusCode"], again["body"]) == (304, "")
    assert from_lambda("/ui", **{"if-none-match": '"another"'})["statusCode"] == 200


def test_the_one_script_in_the_page_is_the_import_map_and_the_policy_names_it():
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page())
    assert [text for _, text in scripts if text] == [MAP.search(page()).group(1)]  # type: ignore[union-attr]
    digest = b64encode(sha256(scripts[0][1].encode()).digest()).decode()
    policy = from_lambda("/ui")["headers"]["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=", page())


@pytest.mark.parametrize("stage", ["", "/api", "/a/longer/one"])
def test_the_bare_address_leads_to_the_page_whatever_is_put_in_front(stage):
    for path in ("/", "/ui/"):
        answer = from_lambda(path, stage=stage)
        assert (answer["statusCode"], answer["headers"]["Location"]) == (302, f"{stage}/ui")
    assert "://" not in page().replace("http://www.w3.org", "")
    assert not re.search(r'(?:href|src)="/', page())
    assert all(address.startswith("./ui/") for address in import_map().values())


@pytest.mark.parametrize(
    "name", ["app.js", "..%2fsettings.py", "index.html", "README.md", "app.0123456789ab.js", "x"]
)
def test_what_the_page_does_not_name_is_not_there(name):
    answer = from_lambda(f"/ui/{name}")
    assert answer["statusCode"] == 404
    assert "load the page anew" in answer["body"]


@pytest.mark.parametrize("name", own_modules())
def test_a_module_names_only_files_that_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = {found for found in IMPORT.findall(text) if found not in import_map()}
    assert not missing


def test_a_file_that_changes_gets_another_name_and_the_others_keep_theirs(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "one.js").write_text("export const one = 1;\n")
    (tmp_path / "two.js").write_text('import { one } from "lib/one.js";\n')
    (tmp_path / "index.html").write_text('<!-- import map --> <script src="two.js"></script>')
    before = WebFiles(tmp_path).page
    (tmp_path / "lib" / "one.js").write_text("export const one = 2;\n")
    after = WebFiles(tmp_path).page
    assert before.tag != after.tag
    assert before.import_map_hash != after.import_map_hash
    names = [re.findall(r"lib-one\.\w+\.js|two\.\w+\.js", page.text) for page in (before, after)]
    assert names[0][0] != names[1][0]
    assert names[0][1:] == names[1][1:] == [names[0][1]] * 2


def test_what_others_wrote_is_what_was_made_of_the_pinned_packages():
    assert json.loads((VENDOR / HASHES).read_text(encoding="utf-8")) == hashes()
    pinned = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    versions = pinned["dependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    texts = [path.read_text(encoding="utf-8") for path in VENDOR.glob("*.js")]
    heads = [text.splitlines()[0] for text in texts]
    licences = (VENDOR / "licences.txt").read_text(encoding="utf-8").splitlines()
    heads += [line for line in licences if line.startswith("pyodide ")]
    for package, version in pinned["dependencies"].items():
        assert any(f"{package} {version}" in head for head in heads), package


def test_every_module_of_others_has_its_licence_beside_it():
    licences = (VENDOR / "licences.txt").read_text(encoding="utf-8")
    for path in VENDOR.glob("*.js"):
        packages = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("// ")
        for package in packages.split(", "):
            assert f"\n{package} (" in "\n" + licences, package
