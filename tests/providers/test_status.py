"""The providers' status pages: what they say is scripted, and says nothing about the API."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import aiohttp
import httpx
import pytest
import requests

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject
from pytest_llmchaos.core.call import Target
from pytest_llmchaos.core.errors import FaultUnfit, ParameterError
from pytest_llmchaos.providers import Providers, dialects
from pytest_llmchaos.providers._status import SAYS

OPENAI = "https://status.openai.com/api/v2"
CHAT = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "Where is my order?"}]}
PATHS = ("status", "summary", "components", "incidents", "incidents/unresolved", "scheduled-maintenances/active")


def page(get=httpx.get, url=f"{OPENAI}/summary.json"):
    """Read a status page."""
    answer = get(url)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("get", [httpx.get, requests.get])
def test_all_is_well_while_the_api_is_dead(get):
    """An outage of the provider does not reach its status page, whatever the target's width."""
    with inject(faults.outage(target="openai"), faults.overloaded(target="*", calls="2-")) as chaos:
        assert httpx.post(CHAT, json=BODY).status_code >= 500
        assert httpx.post(CHAT, json=BODY).status_code >= 500
        told = page(get)
    assert told["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert told["incidents"] == told["scheduled_maintenances"] == []
    assert {each["status"] for each in told["components"]} == {"operational"}
    (poll,) = chaos.calls.to("openai:status")
    assert (poll.ok, poll.faults, poll.model, poll.stream) == (True, (), None, False)


async def _async_get():
    async with aiohttp.ClientSession() as session, session.get(f"{OPENAI}/status.json") as answer:
        return await answer.json()


@pytest.mark.asyncio
async def test_aiohttp_gets_the_page_too():
    """Every stack does."""
    with inject(faults.status_page("degraded", target="openai:status")):
        assert (await _async_get())["status"]["indicator"] == "minor"


@pytest.mark.parametrize("says", SAYS)
def test_the_page_says_what_is_scripted_while_the_api_is_healthy(says):
    """Indicator, headline and components in the words of Statuspage."""
    with inject(faults.status_page(says, target="openai:status")):
        told = page()
        assert page(url=f"{OPENAI}/status.json")["status"] == told["status"]
        assert httpx.post(CHAT, json=BODY).status_code == 200
    indicator, headline, part = SAYS[says]
    assert told["status"] == {"indicator": indicator, "description": headline}
    assert {each["status"] for each in told["components"]} == {part}


def test_an_incident_is_posted_when_its_phase_begins():
    """Its times and ids are the same at every poll."""
    with inject(faults.status_page("partial_outage", "Elevated error rates", target="openai:status")) as chaos:
        first = page()["incidents"][0]
        chaos.advance("30m")
        told = page(url=f"{OPENAI}/incidents/unresolved.json")
    (later,) = told["incidents"]
    assert (first["name"], first["status"], first["impact"]) == ("Elevated error rates", "investigating", "major")
    assert (later["id"], later["page_id"]) == (first["id"], first["page_id"])
    ages = [datetime.fromisoformat(told["page"]["updated_at"]) - datetime.fromisoformat(later["started_at"])]
    assert 1795 <= ages[0].total_seconds() <= 1805
    assert datetime.fromisoformat(first["started_at"]).tzinfo == UTC


def test_maintenance_is_posted_apart():
    """It is no incident."""
    with inject(faults.status_page("maintenance", "Database upgrade", target="anthropic:status")):
        told = page(url="https://status.claude.com/api/v2/summary.json")
        assert (
            page(url="https://status.anthropic.com/api/v2/scheduled-maintenances/upcoming.json")[
                "scheduled_maintenances"
            ]
            == []
        )
    assert told["incidents"] == []
    assert [(each["name"], each["status"]) for each in told["scheduled_maintenances"]] == [
        ("Database upgrade", "in_progress")
    ]


def test_every_address_answers_in_its_form():
    """The API's members, the two feeds, and a page for people."""
    with inject(faults.status_page("major_outage", "A <very> bad day", target="openai:status")):
        for path in PATHS:
            assert {"id", "name", "url", "time_zone", "updated_at"} == set(page(url=f"{OPENAI}/{path}.json")["page"])
        for kind, title in (("rss", "channel/item/title"), ("atom", "{*}entry/{*}title")):
            answer = requests.get(f"https://status.openai.com/history.{kind}", timeout=5)
            assert ElementTree.fromstring(answer.content).findtext(title) == "A <very> bad day"  # noqa: S314
            assert kind in answer.headers["content-type"]
        html = httpx.get("https://status.openai.com/")
        assert "Major System Outage" in html.text
        assert "A &lt;very&gt; bad day" in html.text


@pytest.mark.parametrize(
    ("fault", "status"),
    [(faults.outage(target="openai:status"), 503), (faults.rate_limit(target="*:status"), 429)],
)
def test_the_page_itself_can_fail(fault, status):
    """As any address does."""
    with inject(fault) as chaos:
        assert httpx.get(f"{OPENAI}/status.json").status_code == status
        assert httpx.post(CHAT, json=BODY).status_code == 200
    assert chaos.calls.to("openai:status").failed


def test_the_page_can_be_slow_or_unreachable():
    """Transport faults need no form of the page's own."""
    with inject(faults.latency("20s", target="openai:status")), pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{OPENAI}/status.json", timeout=3)
    with inject(faults.dns_failure(target="openai:status")), pytest.raises(requests.ConnectionError):
        requests.get(f"{OPENAI}/status.json", timeout=5)


def test_a_fault_that_a_page_cannot_have_is_told():
    """The run fails; the page has no model to retire."""
    with (
        pytest.raises(FaultUnfit, match="a status page cannot fail with 'model_retired'"),
        inject(faults.model_retired(target="openai:status")),
    ):
        httpx.get(f"{OPENAI}/status.json")


def test_status_page_aimed_at_the_api_is_told():
    """It names the target that was meant."""
    with (
        pytest.raises(FaultUnfit, match="not at the API: target='openai:status'"),
        inject(faults.status_page("degraded", target="openai")),
    ):
        httpx.post(CHAT, json=BODY)


def test_a_bad_word_is_told():
    """With the near one."""
    with pytest.raises(ParameterError, match="did you mean 'degraded'"):
        faults.status_page("degrade", target="openai:status")


def test_what_a_page_does_not_serve_never_leaves_the_machine():
    """A path that we do not simulate stops, as with the API."""
    with pytest.raises(ChaosError, match="not simulated"), inject(allow_unused=True):
        httpx.get("https://status.openai.com/proxy/status.openai.com")


# --- a status page is no LLM ---


def test_a_poll_is_no_llm_call():
    """Only a target that names it gives it; narrowing keeps it so."""
    with inject(allow_unused=True) as chaos:
        page()
        httpx.post(CHAT, json=BODY)
        page()
        assert [each.operation for each in chaos.calls] == ["chat"]
        assert len(chaos.calls.to("openai")) == len(chaos.calls.to("*")) == len(chaos.calls.ok) == 1
        polls = chaos.calls.to("openai:status")
        assert len(polls) == len(polls.ok) == len(chaos.calls.ok.to("openai:status")) == 2
        assert len(polls[1:]) == len(chaos.calls[:0].to("openai:status")) - 1 == 1
        assert not polls.failed
        assert not chaos.calls.to("anthropic:status")


def test_a_page_that_answers_is_no_failover_no_recovery_and_no_answer():
    """Checks do not take it for an LLM's answer: it would be a false green."""
    with inject(faults.outage(target="openai", calls=1)) as chaos:
        httpx.post(CHAT, json=BODY)
        page(url="https://status.claude.com/api/v2/summary.json")
        page()
        assert chaos.judge("failed_over").outcome == "violated"
        assert chaos.judge("answered_within", within="30s").outcome == "violated"
        chaos.clear()
        page()
        assert chaos.judge("recovered").outcome == "inconclusive"
        assert chaos.judge("attempts", at_most=1).outcome == "held"


def test_a_poll_alone_is_no_evidence():
    """No LLM call was seen."""
    with inject(allow_unused=True) as chaos:
        page()
        assert chaos.judge("not_called", target="anthropic").outcome == "inconclusive"
        assert chaos.judge("answered_within", within="5s").outcome == "inconclusive"
        httpx.post(CHAT, json=BODY)
        assert chaos.judge("not_called", target="openai:status").outcome == "violated"
        assert chaos.judge("not_called", target="anthropic:status").outcome == "held"


def test_a_fault_for_the_page_alone_is_unused_where_nobody_polls():
    """The run says so."""
    with (
        pytest.raises(ChaosFailed, match="nothing was injected"),
        inject(faults.status_page("degraded", target="openai:status")),
    ):
        httpx.post(CHAT, json=BODY)


def test_targets_name_the_page_or_miss_it():
    """`openai` is the API; the page has a word of its own."""

    class Poll:
        provider, model, operation = "openai", None, "status"

    assert [
        text for text in ("openai", "*", "openai/*", "openai:*", "openai:chat") if Target.parse(text).matches(Poll())
    ] == []
    assert all(Target.parse(text).matches(Poll()) for text in ("openai:status", "*:status", "open*:status"))
    assert str(Target.parse("openai:status")) == "openai:status"


def test_no_two_providers_share_a_status_page():
    """Classes that share a dialect do not inherit its host."""
    hosts = [host for each in dialects().values() for host in each.status_hosts]
    assert len(hosts) == len(set(hosts))
    known = Providers()
    for host, name in (
        ("status.openai.com", "openai"),
        ("status.anthropic.com", "anthropic"),
        ("groqstatus.com", "groq"),
    ):
        found = known.route("GET", f"https://{host}/api/v2/status.json")
        assert found is not None
        assert (found[0].name, found[1].operation) == (name, "status")
        assert known.route("POST", f"https://{host}/api/v2/status.json") is None
