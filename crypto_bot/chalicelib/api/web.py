"""The dashboard: one page at /ui, and its files beside it.

Anyone may load them, for they hold no data: what they show is asked for with a token.
"""

from functools import cache
from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint, Response

if TYPE_CHECKING:
    from chalicelib.api.web_files import WebFiles

blueprint = Blueprint(__name__)

Headers = dict[str, str | list[str]]

_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"
_ASK_EACH_TIME: Final = "no-cache"
_COMMON: Final[Headers] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PAGE: Final[Headers] = {"X-Frame-Options": "DENY", "Cache-Control": _ASK_EACH_TIME}
# The style that lightweight-charts puts beside its logo, which its licence wants to be shown.
_CHART_LOGO: Final = "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"
_MAY_LOAD: Final = (
    "default-src 'none'",
    "connect-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    f"style-src 'self' {_CHART_LOGO}",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
# A worker runs a user's bot: it computes, and reaches no other host.
_WORKER_MAY_LOAD: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
)


@blueprint.route("/", methods=["GET"])
def lead_to_dashboard() -> Response:
    """Whoever opens the bare address wants to see something."""
    return _moved(f"{_path().rstrip('/')}/ui")


@blueprint.route("/ui", methods=["GET"])
def show_dashboard() -> Response:
    """The page; it says which files belong to it."""
    if _path().endswith("/"):  # its files' addresses are relative to one without
        return _moved(_path().rstrip("/"))
    page = _files().page
    tag = f'"{page.tag}"'
    policy = "; ".join((*_MAY_LOAD, f"script-src 'self' {page.import_map_hash}"))
    headers = _COMMON | _PAGE | {"ETag": tag, "Content-Security-Policy": policy}
    if tag in (blueprint.current_request.headers.get("if-none-match") or ""):
        return Response(body="", status_code=304, headers=headers)
    headers["Content-Type"] = "text/html; charset=utf-8"
    return Response(body=page.text, headers=headers)


@blueprint.route("/ui/{name}", methods=["GET"])
def serve_file(name: str) -> Response:
    """A file by the name that the page gives it; one of another version is not here any more."""
    file = _files().served(name)
    if file is None:
        sentence = "there is no such file in this version of the dashboard; load the page anew"
        refusal = {"status": "refused", "error": sentence}
        return Response(body=refusal, status_code=404, headers=dict(_COMMON))
    headers = _COMMON | {"Cache-Control": _NEVER_CHANGES, "Content-Type": file.kind}
    if file.name.startswith("worker/"):
        headers["Content-Security-Policy"] = _WORKER_MAY_LOAD
    return Response(body=file.text, headers=headers)


@cache
def _files() -> "WebFiles":
    from chalicelib.api.web_files import WebFiles

    return WebFiles()


def _path() -> str:
    """As the browser sees it, with what a gateway put in front: a stage's name."""
    return str(blueprint.current_request.context.get("path") or "/ui")


def _moved(where: str) -> Response:
    return Response(body="", status_code=302, headers=_COMMON | {"Location": where})
