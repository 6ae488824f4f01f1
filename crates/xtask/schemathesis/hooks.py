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
import time
import urllib.error
import urllib.request

import jsonschema_rs
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

URL = os.environ["BOXOFFICE_URL"]
ROLE = os.environ["BOXOFFICE_ROLE"]
PASSWORD = "SecurePass@123"

# Operations that end the caller's session, or may.
ENDING = {"logout", "logoutEverywhere", "changePassword", "deleteAccount", "setRole", "deleteUser"}

# The one that the document comes from, which Schemathesis leaves out by itself.
LEFT_OUT = {"openapi"}

numbers = itertools.count(1)
# How often each operation was answered with which status; lists that were asked for by cursor once more.
answers = collections.defaultdict(collections.Counter)
account = None


# ---------------------------------------------------------------------------------------------------------------------
# Who calls
# ---------------------------------------------------------------------------------------------------------------------


def address():
    """Each request comes from an address of its own, as if through a proxy: so the limits stay as they are by default,
    and a wrong password does not slow the next request."""
    number = next(numbers)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def get(path, token=None, body=None):
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(URL + path, body, headers)
    for attempt in range(20):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            # On a machine that is busy otherwise the server may take too long, and says so.
            if error.code != 503 or attempt == 19:
                raise
            time.sleep(1)


def post(path, body, token=None):
    return get(path, token, json.dumps(body).encode())


DOCUMENT = get("/api/openapi.json")
OPERATIONS = {
    operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()
}


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


def an_event(token):
    """An event with a booking, which nobody can delete. Users cannot make one themselves."""
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


ADMIN = sign_in("admin")["token"]
# Two, so that the list of events goes on behind the first.
EVENT, _ = an_event(ADMIN), an_event(ADMIN)
# For each list that is walked by cursor, filters and a cursor that the server gave for them.
CURSORS = {
    name: ({}, get(f"{path}?limit=1", ADMIN)["pagination"]["nextCursor"])
    for name, path in [("paginateEvents", "/api/events/paginate"), ("paginateLogs", "/api/logs/paginate")]
}


def every_other(text, form):
    """Whether a made-up value of that form, right but unknown to the server, gives way to one that it knows."""
    return isinstance(text, str) and re.fullmatch(form, text) and text[0] in "02468aceACEgikmoqsuwyGIKMOQSUWY"


EVENT_ID, REFRESH_TOKEN, CURSOR = "[0-9a-fA-F]{24}", "[A-Za-z0-9_-]{43}", "[A-Za-z0-9_-]{1,64}"


def go_on(name, query):
    """The query for a part of the list behind one that the server has shown."""
    filters, cursor = CURSORS[name]
    limit = {"limit": query["limit"]} if "limit" in query else {}
    return {**filters, **limit, "cursor": cursor}


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
    # A cursor goes with the filters that it was given for. What is wrong on purpose stays so.
    name, query = operation_id(case), case.query or {}
    right = case.meta is None or case.meta.generation.mode.is_positive
    if name in CURSORS and right and every_other(query.get("cursor"), CURSOR):
        case.query = go_on(name, query)


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.hook
def after_call(context, case, response):
    global account
    name, query = operation_id(case), case.query or {}
    answers[name][response.status_code] += 1
    if name in ENDING and response.status_code < 300:
        account = None
    if name not in CURSORS:
        return
    if "cursor" in query:
        answers[f"{name} by cursor"][response.status_code] += 1
    following = response.json()["pagination"].get("nextCursor") if response.status_code == 200 else None
    if following:
        filters = {field: value for field, value in query.items() if field not in ("page", "limit", "cursor")}
        CURSORS[name] = (filters, following)


# ---------------------------------------------------------------------------------------------------------------------
# What JSON Schema has no words for
# ---------------------------------------------------------------------------------------------------------------------

# A password has at most 72 bytes in UTF-8; a schema can only count characters.
characters = st.characters(codec="utf-8", exclude_categories=["Cc"])
passwords = st.text(characters, min_size=8, max_size=72)
schemathesis.openapi.format(
    "password", passwords.filter(lambda text: len(text.encode()) <= 72 and text.strip())
)


# One thing that is wrong with a query that is right by the document, as `errors` names it.
UNTOLD = [
    # A cursor of another list: no schema knows what was answered before.
    {"field": "cursor", "message": "must be a `nextCursor` of this very list, with the same filters"},
    # Nor can one say that of two parameters only one may be there.
    {"field": "page", "message": "cannot be there together with cursor"},
]


def is_untold(response):
    """Whether a request is refused for what no schema can say: beside the above, that its key, a valid one, was used
    for another request before."""
    problem = response.json()
    errors = problem.get("errors", [])
    return problem["code"] == "idempotency_mismatch" or len(errors) == 1 and errors[0] in UNTOLD


def is_padded(case):
    """Whether all that is wrong are blanks around the description: they do not count for its length, and `maxLength`
    counts them."""
    if not isinstance(case.body, dict) or not isinstance(case.body.get("description"), str):
        return False
    elsewhere = [part for part, info in case.meta.components.items() if info.mode.is_negative and part.name != "BODY"]
    trimmed = {**case.body, "description": case.body["description"].strip()}
    body = case.operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
    # The document is the schema's surroundings, where its references lead.
    schema = {**DOCUMENT, **body}
    right = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return not elsewhere and right.is_valid(trimmed)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, RejectedPositiveData):
        return not is_untold(response)
    if isinstance(failure, AcceptedNegativeData):
        return not is_padded(case)
    return True


# ---------------------------------------------------------------------------------------------------------------------
# Whether there was anything to find
# ---------------------------------------------------------------------------------------------------------------------


@atexit.register
def tell():
    """Prints the answers, and fails if an operation was never called, or is the role's and never succeeded: then
    nothing was tested."""
    print(f"\nAnswers to {ROLE}, by operation and status:")
    for name, counts in sorted(answers.items()):
        print(f"  {name}: " + ", ".join(f"{status}: {count}" for status, count in sorted(counts.items())))
    wanted = (OPERATIONS.keys() | {f"{name} by cursor" for name in CURSORS}) - LEFT_OUT
    never_called = sorted(wanted - answers.keys())
    never_succeeded = sorted(name for name in answers if is_allowed(name) and min(answers[name]) >= 400)
    for what, names in [("called", never_called), ("succeeded", never_succeeded)]:
        if names:
            print(f"Never {what}: {', '.join(names)}")
    sys.stdout.flush()
    if never_called or never_succeeded:
        os._exit(1)


def is_allowed(name):
    """Whether the role may call the operation."""
    operation = OPERATIONS[name.removesuffix(" by cursor")]
    return ROLE in operation.get("x-roles", [ROLE]) and (name, ROLE) != ("createAdmin", "user")
