import base64
import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from serving.backlog.server.errors import WebhookRefusedError
from serving.backlog.server.outbox import Outbox
from serving.backlog.server.records import (
    BacklogRequest,
    BacklogStatus,
    WebhookState,
    WebhookStep,
)
from serving.backlog.server.shelf import BacklogShelf
from serving.backlog.server.webhooks import MAX_ATTEMPTS, WebhookSigner, first_step, next_step
from serving.errors import SettingsError

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
SECRET = SecretStr("a-secret-that-signs-webhooks-in-tests")
URL = "https://hooks.example.test/wherefore"


@pytest.fixture
def signer():
    return WebhookSigner(SECRET, hosts="hooks.example.test, 127.0.0.1:8123")


@pytest.fixture
def shelf(tmp_path):
    """A shelf with a backlog that has just ended, whose end nobody was told yet."""
    shelf = BacklogShelf(tmp_path / "backlogs")
    request = BacklogRequest(
        backlog_id="0" * 32,
        created_at=AT,
        person_id="person-1",
        fingerprint="0" * 64,
        source="in.jsonl",
        upload=None,
        input_format="auto",
        limit=None,
        output=".jsonl",
        webhook_url=URL,
    )
    with shelf.incoming() as incoming:
        shelf.admit(incoming, request)
    shelf.change(
        request.backlog_id,
        lambda state: state.now(
            BacklogStatus.COMPLETED, AT, num_rows=7, webhook=first_step(request, at=AT)
        ),
    )
    return shelf


def step_on(shelf):
    return shelf.state("0" * 32).webhook


def test_a_signature_is_the_one_of_the_specification():
    signer = WebhookSigner(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), hosts=None)
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, tz=UTC)
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, at=at)
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_goes_only_to_hosts_that_were_named(signer):
    for url in [URL, "http://127.0.0.1:8123/x", "https://HOOKS.example.test:444/x"]:
        signer.require_allowed(url)
    for url in [
        "https://example.test/",
        "https://hooks.example.test.evil.test/",
        "http://127.0.0.1:8124/",
        "http://127.0.0.1/",
        "ftp://hooks.example.test/",
        "https://user:word@hooks.example.test/",
        "https://evil.test/https://hooks.example.test",
        "https://[broken",
        "hooks.example.test",
    ]:
        with pytest.raises(WebhookRefusedError):
            signer.require_allowed(url)


@pytest.mark.parametrize(("secret", "hosts"), [(None, "a.test"), (SECRET, None), (SECRET, "")])
def test_without_hosts_or_a_secret_nothing_is_sent(secret, hosts):
    with pytest.raises(WebhookRefusedError):
        WebhookSigner(secret, hosts=hosts).require_allowed("https://a.test/")


def test_a_secret_that_cannot_be_read_is_refused_without_being_repeated():
    with pytest.raises(SettingsError, match="WHEREFORE_WEBHOOK_SECRET") as caught:
        WebhookSigner(SecretStr("whsec_no base64 at all, really none"), hosts="a.test")
    assert "really" not in str(caught.value)


def test_a_message_is_sent_again_ever_later_and_given_up_at_last():
    state, at, waits = WebhookState(step=WebhookStep.PENDING, num_attempts=0, due_at=AT), AT, []
    while state.step is WebhookStep.PENDING:
        state = next_step(state, status=503, at=at)
        waits.append((state.due_at - at).total_seconds())
        at = state.due_at
    assert (state.step, state.num_attempts) == (WebhookStep.GIVEN_UP, MAX_ATTEMPTS)
    assert 0.9 <= waits[0] <= 1.1
    assert all(later > earlier for earlier, later in itertools.pairwise(waits[:7]))
    assert max(waits) <= 6 * 3600 * 1.1
    assert timedelta(hours=12) < at - AT < timedelta(days=3)


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (410, "given_up"),
        (302, "pending"),
        (None, "pending"),
    ],
)
def test_what_follows_an_attempt_is_told_by_the_answer(status, step):
    before = WebhookState(step=WebhookStep.PENDING, num_attempts=0, due_at=AT)
    assert next_step(before, status=status, at=AT).step.value == step


def test_what_one_process_could_not_deliver_the_next_one_does_with_the_same_id(shelf, signer):
    sent, answers, clock = [], iter([None, 500, 200]), [AT]

    def send(url, body, headers):
        sent.append((url, body, headers))
        return next(answers)

    def outbox():
        return Outbox(shelf, signer=signer, send=send, now=lambda: clock[0])

    due = outbox().send_due()
    assert due > AT
    assert outbox().send_due() == due
    assert len(sent) == 1
    for _ in range(2):
        clock[0] += timedelta(minutes=1)
        outbox().send_due()
    assert step_on(shelf).step is WebhookStep.DELIVERED
    assert outbox().send_due() is None
    assert len(sent) == 3
    assert len({headers["webhook-id"] for _, _, headers in sent}) == 1
    assert len({body for _, body, _ in sent}) == 1
    url, body, headers = sent[-1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    code = hmac.new(SECRET.get_secret_value().encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(code).decode()}"
    assert url == URL
    told = json.loads(body)
    assert (told["type"], told["data"]["rows"]) == ("backlog.completed", 7)


def test_a_host_that_was_struck_off_since_is_sent_nothing(shelf):
    sent = []
    other = WebhookSigner(SECRET, hosts="another.test")
    clock = [AT]
    outbox = Outbox(
        shelf, signer=other, send=lambda *given: sent.append(given), now=lambda: clock[0]
    )
    outbox.send_due()
    assert step_on(shelf).step is WebhookStep.PENDING
    while (due := outbox.send_due()) is not None:  # its attempts end: it is not kept for ever
        clock[0] = due
    assert step_on(shelf).step is WebhookStep.GIVEN_UP
    assert sent == []


def test_who_resumes_a_backlog_while_its_end_is_told_is_told_of_the_next_end(shelf, signer):
    def send(*_):
        shelf.change("0" * 32, lambda state: state.now(BacklogStatus.QUEUED, AT, webhook=None))
        return 200

    Outbox(shelf, signer=signer, send=send, now=lambda: AT).send_due()
    assert step_on(shelf) is None
