"""What Schemathesis cannot know from the document: who calls, from where, and what JSON Schema has no words for.

`cargo xtask schemathesis` runs it with these variables: BOXOFFICE_URL, where the server is; BOXOFFICE_ROLE, `admin`
or `user`; BOXOFFICE_BIN and BOXOFFICE_DATA, the server's program and data.
"""

import atexit
import collections
import itertools
import json
import os
import re
import subprocess
import sys
import urllib.request

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

URL = os.environ["BOXOFFICE_URL"]
ROLE = os.environ["BOXOFFICE_ROLE"]
PASSWORD = "SecurePass@123"

# Operations that end the caller's session, or may.
ENDING = {"logout", "logoutEverywhere", "changePassword", "deleteAccount", "setRole", "deleteUser"}

numbers = itertools.count(1)
# How often each operation was answered with which status.
answers = collections.defaultdict(collections.Counter)
operations = {}
account = None


# ---------------------------------------------------------------------------------------------------------------------
# Who calls
# ---------------------------------------------------------------------------------------------------------------------


def address():
    """Each request comes from an address of its own, as if through a proxy: so the limits stay as they are by default,
    and a wrong password does not slow the next request."""
    number = next(numbers)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def post(path, body, token=None):
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def sign_in(role):
    """Makes an account of that role and signs in."""
    email = f"{role}-{next(numbers)}@schemathesis.example"
    if role == "admin":
        # By command, beside the running server: the only other admin may just have gone.
        subprocess.run(
            [os.environ["BOXOFFICE_BIN"], "create-admin", "--name", "Admin", "--email", email],
            cwd=os.environ["BOXOFFICE_DATA"],
            env={"DATA_DIR": os.environ["BOXOFFICE_DATA"], "BCRYPT_COST": "4"},
            input=PASSWORD.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
    else:
        post("/api/auth/create-user", {"name": "User", "email": email, "password": PASSWORD})
    return post("/api/auth/login", {"email": email, "password": PASSWORD})


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """Signs in with a new account whenever a request may have ended the session of the one before."""

    def get(self, case, context):
        global account
        if account is None:
            account = sign_in(ROLE)
        return account["token"]

    def set(self, case, token, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"


def an_event():
    """An event with a booking, which nobody can delete. Users cannot make one themselves."""
    token = sign_in("admin")["token"]
    event = post(
        "/api/events/create-event",
        {
            "title": "Tech Conference",
            "description": "",
            "date": "2999-12-31T10:00:00Z",
            "location": "Convention Center, NYC",
            "totalTickets": 1_000_000,
        },
        token,
    )
    post("/api/bookings/create-booking", {"eventId": event["id"]}, token)
    return event["id"]


EVENT = an_event()


def every_other(text, form):
    """Whether a made-up value of that form, right but unknown to the server, gives way to one that it knows."""
    return isinstance(text, str) and re.fullmatch(form, text) and text[0] in "02468aceACEgikmoqsuwyGIKMOQSUWY"


EVENT_ID, REFRESH_TOKEN = "[0-9a-fA-F]{24}", "[A-Za-z0-9_-]{43}"


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers = case.headers or {}
    case.headers["X-Forwarded-For"] = address()
    path, body = case.path_parameters or {}, case.body if isinstance(case.body, dict) else {}
    # Admins make events, and change and delete those.
    if ROLE == "user" and "/events/" in case.path and every_other(path.get("id"), EVENT_ID):
        path["id"] = EVENT
    if every_other(body.get("eventId"), EVENT_ID):
        body["eventId"] = EVENT
    # Of keys that are right most are new, or nearly all would have been used for another request.
    key, number = case.headers.get("Idempotency-Key"), next(numbers)
    if isinstance(key, str) and re.fullmatch("[!-~]{1,240}", key) and number % 4:
        case.headers["Idempotency-Key"] = f"{key}-{number}"
    # Good for one use.
    if every_other(body.get("refreshToken"), REFRESH_TOKEN) and account and "refreshToken" in account:
        body["refreshToken"] = account.pop("refreshToken")


@schemathesis.hook
def after_call(context, case, response):
    global account
    operation = case.operation.definition.raw
    operations[operation["operationId"]] = operation
    answers[operation["operationId"]][response.status_code] += 1
    if operation["operationId"] in ENDING and response.status_code < 300:
        account = None


# ---------------------------------------------------------------------------------------------------------------------
# What JSON Schema has no words for
# ---------------------------------------------------------------------------------------------------------------------

# A password has at most 72 bytes in UTF-8; a schema can only count characters.
characters = st.characters(codec="utf-8", exclude_categories=["Cc"])
passwords = st.text(characters, min_size=8, max_size=72)
schemathesis.openapi.format(
    "password", passwords.filter(lambda text: len(text.encode()) <= 72 and text.strip())
)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, RejectedPositiveData):
        # The same key, valid, with another request before, or a cursor of another list: no schema knows what was
        # sent or answered before. Nor can one say that of two parameters only one may be there.
        known = ["idempotency_mismatch", "nextCursor", "together with cursor"]
        return not any(words in response.text for words in known)
    if isinstance(failure, AcceptedNegativeData) and isinstance(case.body, dict):
        # Blanks around do not count for the length; `maxLength` counts them.
        text = case.body.get("description")
        return not (isinstance(text, str) and len(text.strip()) <= 10_000 < len(text))
    return True


# ---------------------------------------------------------------------------------------------------------------------
# Whether there was anything to find
# ---------------------------------------------------------------------------------------------------------------------


@atexit.register
def tell():
    """Prints the answers, and fails if an operation that is the role's never succeeded: then nothing was tested."""
    print(f"\nAnswers to {ROLE}, by operation and status:")
    never = []
    for name, counts in sorted(answers.items()):
        print(f"  {name}: " + ", ".join(f"{status}: {count}" for status, count in sorted(counts.items())))
        forbidden = ROLE not in operations[name].get("x-roles", [ROLE]) or (name, ROLE) == ("createAdmin", "user")
        if not forbidden and min(counts) >= 400:
            never.append(name)
    if never or not answers:
        print(f"Never succeeded: {', '.join(never) or 'anything'}")
    sys.stdout.flush()
    if never or not answers:
        os._exit(1)
