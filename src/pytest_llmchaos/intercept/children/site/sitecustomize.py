"""The guard in a Python process that an app under chaos started: no call to a provider leaves it unseen.

Python loads it by itself, because its folder stands first in PYTHONPATH. It uses the standard library only and runs on
any Python since 3.7, imports nothing before it is needed, and lets the user's own `sitecustomize` follow. The files
that it reads and writes are described in `_post.py`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
_FOLDER = os.environ.get("PYTEST_LLMCHAOS_CHILD_OF", "")
_LOCAL = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - nothing is bound here
_NO_HTTP = ("anyio", "asyncio", "atexit", "os", "queue", "socket", "ssl", "subprocess", "threading")

_ASKING = (b"completions", b"messages", b"responses", b"embed", b"chat", b"generate", b"converse", b"invoke", b"rerank")


class _Guard:
    """Looks at what is imported, resolved and connected to; a finder of modules and an audit hook."""

    def __init__(self) -> None:
        self.born = self._run()[1]
        self._busy = False
        self._late: Any = None
        names = (each.partition(".")[0] for each in os.listdir(os.path.join(_PACKAGE, "intercept", "stacks")))
        self._libraries = {each for each in names if each[:1] != "_" and each not in _NO_HTTP}

    def start(self) -> None:
        with open(self._seen(), "w"):
            pass
        sys.meta_path.insert(0, self)
        sys.addaudithook(self.audit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)
        if "socket" in sys.modules:
            self._watch(sys.modules["socket"])
        if any(each in sys.modules for each in self._libraries):
            self._intercept()

    def forked(self) -> None:
        self.born = self._run()[1]

    # --- what is imported ---

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "socket" and not self._busy:
            self._busy = True
            try:
                import importlib.util

                spec = importlib.util.find_spec(name)
            finally:
                self._busy = False
            return self._watched(spec)
        if name in self._libraries:
            late = self._intercept()
            return late.find_spec(name, path, target) if late is not None else None
        return None

    def _watched(self, spec: Any) -> Any:
        loader: Any = getattr(spec, "loader", None)
        execute = getattr(loader, "exec_module", None)
        if execute is None or not hasattr(loader, "__dict__") or isinstance(loader, type):
            return spec

        def exec_module(module: Any) -> None:
            del loader.__dict__["exec_module"]
            execute(module)
            self._watch(module)

        loader.exec_module = exec_module
        return spec

    def _watch(self, socket: Any) -> None:
        """Look at names before anybody else does: what is beneath may have been replaced, and then audits nothing."""

        def watched(original: Any) -> Any:
            def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
                self.look(host, args[0] if args else kwargs.get("port"), "its name was looked up")
                return original(host, *args, **kwargs)

            return resolve

        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            setattr(socket, name, watched(getattr(socket, name)))

    def _intercept(self) -> Any:
        """Have the HTTP libraries intercepted; return what patches those yet to be imported, None if that fails."""
        self._libraries = set()
        try:
            import importlib.util

            if "pytest_llmchaos" not in sys.modules:
                spec = importlib.util.spec_from_file_location(
                    "pytest_llmchaos", os.path.join(_PACKAGE, "__init__.py"), submodule_search_locations=[_PACKAGE]
                )
                assert spec is not None and spec.loader is not None  # noqa: S101,PT018 - for the type checker
                module = importlib.util.module_from_spec(spec)
                sys.modules["pytest_llmchaos"] = module
                spec.loader.exec_module(module)
            from pytest_llmchaos.intercept.children.inside import intercepted

            self._late = intercepted(_FOLDER, self)
            return self._late
        except Exception:  # a Python that is too old for the package: its calls are not seen, and that is told
            sys.modules.pop("pytest_llmchaos", None)
            self._unsee()
            return None

    # --- what is resolved and connected to ---

    def audit(self, event: str, args: Any) -> None:
        if event[:7] != "socket.":
            if event == "http.client.send":
                self._asked_of_a_proxy(args[1])
                self._asked(*args)
        elif event == "socket.connect" and isinstance(args[1], tuple):
            self.look(args[1][0], args[1][1], "a connection was opened to it")
        elif event == "socket.getaddrinfo":
            self.look(args[0], args[1], "its name was looked up")
        elif event == "socket.gethostbyname":
            self.look(args[0], None, "its name was looked up")

    def _asked_of_a_proxy(self, data: Any) -> None:
        method, _, rest = (
            bytes(data[:2048]).partition(b" ") if isinstance(data, (bytes, bytearray)) else (b"", b"", b"")
        )
        target = rest.partition(b" ")[0]
        if method == b"CONNECT" or b"://" in target:
            place = target.partition(b"://")[2].partition(b"/")[0] or target
            host, _, port = place.rpartition(b"@")[2].partition(b":")
            self.look(host, port.decode("ascii", "replace"), "a proxy was asked for it")

    def _asked(self, connection: Any, data: Any) -> None:
        """Stop what is asked of a server whose address tells nothing: the head comes first, then the body."""
        sent = bytes(data) if isinstance(data, (bytes, bytearray)) else b""
        head = vars(connection).pop("_llmchaos_head", b"")
        if sent[:5] == b"POST " and b"\r\n" in sent:
            if any(word in sent.partition(b"\r\n")[0] for word in _ASKING):
                connection._llmchaos_head = sent
        elif head and self._run()[0] and (self._late or self._intercept()) is not None:
            from pytest_llmchaos.intercept.children.inside import asked

            asked(head, sent, self)

    def look(self, host: Any, port: Any, how: str) -> None:
        """Stop what would go to a provider."""
        if not _FOLDER or self._busy:
            return
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        name = name.rstrip(".").lower()
        token, _, rest = self._run()
        if not token or (name in _LOCAL and '"own": {}' in rest):
            return
        import json
        from fnmatch import fnmatchcase

        on = json.loads(rest)
        both = (name, "%s:%s" % (name, port))  # noqa: UP031 - a name may have any sign in it
        for provider, patterns in {} if on["open"] else on["hosts"].items():
            if any(fnmatchcase(each, pattern) for pattern in patterns for each in both):
                text = "%s: %s, which is %s's" % (name, how, provider)  # noqa: UP031
                self.say(text, token)
                import socket

                raise socket.gaierror(socket.EAI_FAIL, "llmchaos stopped a child process: " + text)

    def say(self, text: str, token: str) -> None:
        """Tell the parent, as `_post.py` reads it."""
        import json

        told = {"run": token, "born": self.born, "who": self.who(), "text": text}
        try:
            handle = os.open(os.path.join(_FOLDER, "said"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:  # the parent is gone, and its folder
            return
        os.write(handle, json.dumps(told).encode() + b"\n")
        os.close(handle)

    def who(self) -> Any:
        """Return how a message names this process: no argument that may be a secret."""
        multiprocessing = sys.modules.get("multiprocessing.process")
        if multiprocessing is not None and multiprocessing.parent_process() is not None:
            return "multiprocessing: " + multiprocessing.current_process().name
        words = iter(list(getattr(sys, "orig_argv", ["python", *sys.argv]))[1:])
        for word in words:
            if word in ("-X", "-W"):
                next(words, None)
            elif word == "-m":
                return "python -m " + next(words, "")
            elif word == "-c":
                return "python -c ..."
            elif word[:1] != "-":
                return "python " + os.path.basename(word)
        return "python"

    def _run(self) -> Any:
        try:
            with open(os.path.join(_FOLDER, "run")) as file:
                return file.read().split("\n", 2)
        except OSError:
            return ["", "", ""]

    def _seen(self) -> str:
        return os.path.join(_FOLDER, "seen", str(os.getpid()))

    def _unsee(self) -> None:
        if os.path.exists(self._seen()):
            os.remove(self._seen())


def _follow() -> None:
    """Let the user's own module of this name be the one."""
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _HERE]
    found = (each.find_spec("sitecustomize", None) for each in sys.meta_path)
    spec = next((each for each in found if each is not None), None)
    if spec is not None and spec.loader is not None:
        import importlib.util

        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    if os.path.isdir(_FOLDER):  # else the parent is gone
        _Guard().start()
    _follow()
