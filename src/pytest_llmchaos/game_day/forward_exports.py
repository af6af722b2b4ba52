"""What to export so that an app without a word about base URLs goes through the forward proxy, and trusts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["CA_VARIABLES", "PRELOAD", "ForwardExports", "forward_exports"]

PRELOAD = Path(__file__).with_name("preload.cjs")
"""What Node needs that does not look at HTTPS_PROXY by itself."""

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_NOT_THROUGH = ("localhost", "127.0.0.1", "::1")
_ASKED_MOST = ("api.openai.com", "api.anthropic.com")


@dataclass(frozen=True, slots=True)
class ForwardExports:
    """What an app needs to be told.

    Attributes:
        variables: names and values.
        notes: what the user should know of it.
    """

    variables: Mapping[str, str]
    notes: tuple[str, ...]


def forward_exports(
    proxy: str, ca: str, environ: Mapping[str, str], *, preload: str = "", direct: Iterable[str] = ()
) -> ForwardExports:
    """Return what sends calls through a forward proxy.

    Args:
        proxy: its address.
        ca: the file of authorities to trust: the system's and the proxy's.
        environ: what is set where the app will run, as far as that is known; lists in it are kept.
        preload: the script for Node; empty for this package's.
        direct: further hosts that are asked without the proxy.
    """
    there = [each for each in re.split(r"[,\s]+", environ.get("no_proxy") or environ.get("NO_PROXY") or "") if each]
    past = list(dict.fromkeys([*(each for each in there if each != "*"), *_NOT_THROUGH, *direct]))
    variables = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), proxy)
    variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(past))
    variables |= dict.fromkeys(CA_VARIABLES, ca)
    variables["grpc_proxy"] = ""  # gRPC would come, and fail: the proxy speaks no HTTP/2
    variables["NODE_USE_ENV_PROXY"] = "1"
    variables["NODE_OPTIONS"] = f"{environ.get('NODE_OPTIONS', '')} {_required(preload or str(PRELOAD))}".strip()
    notes = ["plain HTTP is passed on to providers alone; name other hosts that the app asks by --no-proxy"]
    if was := environ.get("https_proxy") or environ.get("HTTPS_PROXY"):
        notes.append(f"a proxy is set already ({urlsplit(was).hostname}); behind this one calls do not take that way")
    if "*" in there:
        notes.append("NO_PROXY was *, by which all pass by, and is no longer")
    if missed := [each for each in _ASKED_MOST if _among(each, past)]:
        notes.append(f"NO_PROXY lets {' and '.join(missed)} pass by")
    return ForwardExports(variables, tuple(notes))


def _required(path: str) -> str:
    """Return the option of Node that runs a script first, as NODE_OPTIONS quotes it."""
    if not re.search(r'[\s"\\]', path):
        return f"--require={path}"
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'--require="{escaped}"'


def _among(host: str, patterns: Iterable[str]) -> bool:
    return any(f".{host}".endswith(f".{each.lstrip('*.')}") for each in patterns)
