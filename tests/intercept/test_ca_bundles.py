"""TLS contexts made under chaos: their bundles are read when they are needed, and they verify as they always would."""

from __future__ import annotations

import gc
import os
import ssl
import threading
import weakref
from pathlib import Path

import httpx2
import pytest

from pytest_llmchaos import inject
from pytest_llmchaos.intercept.stacks import _ca_bundles

from .scripted import CERTIFICATE, serving, whole

REFUSED = "certificate verify failed"
# Of a stranger's own authority, with no key anywhere.
STRANGER = """\
-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUSDheVdjBI5cXKKY8MwJc1gFlipgwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIc3RyYW5nZXIwIBcNMjYxMTI4MTE1OTU2WhgPMjExOTEyMzEx
MTU5NTZaMBMxETAPBgNVBAMMCHN0cmFuZ2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE3Px8AloMnXM9MSqSR4jafvpnKLExMkdz4CV000L+TanXtCKzf7dyitfc
FizCjQeLuztW8U8+f/u90hd1DFqBFaNTMFEwHQYDVR0OBBYEFBxoUZTiBoiw8fAF
lPZqEOgwOfdZMB8GA1UdIwQYMBaAFBxoUZTiBoiw8fAFlPZqEOgwOfdZMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMqJx3WBj4Tk0xOWvUVsfni/
icVOBkVNwqQQZI1YC7tMAiBmfp9FgEXvl5WQ2dvarduQO3Ze5H0BIV01xw01mSS+
9w==
-----END CERTIFICATE-----
"""


@pytest.fixture
def reads(monkeypatch):
    """Gather what OpenSSL reads, beneath whatever chaos does about it."""
    read = []
    base = ssl.SSLContext.__base__

    def locations(context, cafile=None, capath=None, cadata=None):
        read.append(cafile)
        base.load_verify_locations(context, cafile, capath, cadata)

    def defaults(context):
        read.append("defaults")
        base.set_default_verify_paths(context)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", locations, raising=False)
    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", defaults, raising=False)
    monkeypatch.setattr(_ca_bundles, "_read", {})
    return read


@pytest.fixture
def bundle(tmp_path):
    """A bundle as long as those of a system, in which the certificate of our loopback server is."""
    path = tmp_path / "bundle.pem"
    text = CERTIFICATE.read_text()
    path.write_text("# no certificate\n" * 5000 + text[text.index("-----BEGIN CERTIFICATE") :])
    return str(path)


@pytest.fixture
def strangers(bundle, tmp_path):
    """A bundle as long, without it."""
    path = tmp_path / "strangers.pem"
    path.write_text("# no certificate\n" * 5000 + STRANGER)
    return str(path)


@pytest.fixture
def server():
    """Serve over TLS on loopback."""
    with serving(whole, tls=True) as started:
        yield started


def context_of(cafile):
    """Return a context for clients that trust a bundle."""
    return ssl.create_default_context(cafile=cafile)


def test_a_bundle_is_read_once_for_many_clients(reads, bundle, monkeypatch):
    """The first client reads it, as it may be broken; the others get no further than chaos."""
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    with inject():
        clients = [httpx2.Client() for _ in range(9)]
        for each in clients:
            each.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-5", "messages": []})
            each.close()
    assert reads == [bundle]


def test_the_next_run_reads_it_no_more(reads, bundle):
    """What has been read is known for as long as the process lives."""
    for _ in range(3):
        with inject():
            context_of(bundle)
    assert reads == [bundle]


def test_outside_a_run_contexts_are_what_they_are(reads, bundle):
    """Nothing stays patched."""
    with inject():
        context_of(bundle)
    assert type(context_of(bundle)) is ssl.SSLContext
    assert reads == [bundle, bundle]


@pytest.mark.parametrize("used", ["in the run", "after it"])
def test_a_client_verifies_as_it_would(used, reads, bundle, strangers, server):
    """Servers that no provider has are asked for real, and so are all once the run is over."""

    def both():
        assert knows.get(server.url).json() == {"mine": 1}
        with pytest.raises(httpx2.ConnectError, match=REFUSED):
            knows_not.get(server.url)

    with inject():
        for each in (bundle, strangers):
            context_of(each)
        knows, knows_not = (httpx2.Client(verify=context_of(each)) for each in (bundle, strangers))
        assert reads == [bundle, strangers]
        if used == "in the run":
            both()
    if used == "after it":
        both()
    assert reads == [bundle, strangers] * 2
    knows.close()
    knows_not.close()


def test_what_one_does_to_a_context_is_no_others(reads, bundle, server):
    """Each has its own, and what it asks of it stays with it."""
    with inject():
        first, *others = (context_of(bundle) for _ in range(3))
        others[0].load_verify_locations(CERTIFICATE)
        others[0].load_cert_chain(CERTIFICATE)
        others[0].check_hostname = False
        others[0].verify_mode = ssl.CERT_NONE
        others[0].minimum_version = ssl.TLSVersion.TLSv1_3
        others[0].set_alpn_protocols(["http/1.1"])
    assert others[1].verify_mode == first.verify_mode == ssl.CERT_REQUIRED
    assert others[1].check_hostname
    assert others[1].minimum_version == first.minimum_version
    for each in (first, *others):
        assert len(each.get_ca_certs()) == 1
        assert type(each) is ssl.SSLContext


def test_whoever_looks_at_its_certificates_sees_them(reads, bundle):
    """They are read for that."""
    with inject():
        context_of(bundle)
        listed, counted = context_of(bundle), context_of(bundle)
        assert reads == [bundle]
        assert [each["serialNumber"] for each in listed.get_ca_certs()] != []
        assert counted.cert_store_stats()["x509_ca"] == 1
    assert reads == [bundle] * 3


def test_defaults_are_those_of_the_environment_when_it_was_made(reads, bundle, server, monkeypatch):
    """As they would be had they been read then."""
    with inject():
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        ssl.create_default_context()
        context = ssl.create_default_context()
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
        assert reads == ["defaults"]
        with httpx2.Client(verify=context) as client:
            assert client.get(server.url).json() == {"mine": 1}


@pytest.mark.parametrize("broken", [None, "# nothing\n" * 9000, "-----BEGIN CERTIFICATE-----\n" + "x" * 70_000])
def test_a_bundle_that_is_missing_or_broken_is_told_of_at_once(broken, reads, tmp_path):
    """Where the client is made, as ever, and each time."""
    path = tmp_path / "broken.pem"
    if broken is not None:
        path.write_text(broken)
    with inject():
        for _ in range(2):
            with pytest.raises(OSError, match=r"No such file|X509|SSL"):
                context_of(str(path))


def test_a_bundle_that_has_changed_is_read_anew(reads, bundle, strangers):
    """It may be broken now."""
    with inject():
        context_of(bundle)
        with open(bundle, "a") as end, open(strangers) as more:
            end.write(more.read())
        assert context_of(bundle).cert_store_stats()["x509_ca"] == 2
    assert reads == [bundle, bundle]


@pytest.mark.parametrize(
    "made",
    [
        lambda path: type("Own", (ssl.SSLContext,), {})(ssl.PROTOCOL_TLS_CLIENT),
        lambda path: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    ],
    ids=["a class of its own", "a server's"],
)
def test_other_contexts_read_at_once(made, reads, bundle):
    """They may look at their certificates in ways of their own."""
    with inject():
        context_of(bundle)
        context = made(bundle)
        kind = type(context)
        context.load_verify_locations(bundle)
        assert type(context) is kind
    assert reads == [bundle] * 2


def test_what_may_be_another_file_later_is_read_at_once(reads, bundle, monkeypatch, tmp_path):
    """A path that is relative, and a small bundle, which a test may have made for itself."""
    monkeypatch.chdir(tmp_path)
    with inject():
        for path in ("bundle.pem", "bundle.pem", str(CERTIFICATE), str(CERTIFICATE)):
            assert type(context_of(path)) is ssl.SSLContext


def test_threads_that_need_it_at_once_all_find_it_read(reads, bundle):
    """None of them goes on with half of it."""
    with inject():
        context_of(bundle)
        context = context_of(bundle)
    found = []
    threads = [threading.Thread(target=lambda: found.append(len(context.get_ca_certs()))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [1] * 8
    assert reads == [bundle] * 2


def test_a_context_that_nobody_has_is_gone(reads, bundle):
    """Nothing of ours holds it, not even itself."""
    with inject():
        context_of(bundle)
        context = context_of(bundle)
    gone = weakref.ref(context)
    gc.disable()
    try:
        del context
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("after", ["gone", "another"])
def test_a_bundle_is_what_it_was_when_the_context_was_made(after, reads, bundle, server):
    """A fixture's temporary file may be gone by the first handshake, or hold a stranger's authority."""
    with inject(allow_unused=True, checks=[]):
        first, second = (context_of(bundle) for _ in range(2))
        assert reads == [bundle]
    if after == "gone":
        os.remove(bundle)
    else:
        Path(bundle).write_text("# no certificate\n" * 5000 + STRANGER)
    assert repr(second).startswith("<ssl.SSLContext object")
    for context in (first, second):
        with httpx2.Client(verify=context) as client:
            assert client.get(server.url).status_code == 200
