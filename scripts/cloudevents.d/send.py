"""Sends one order's events with the official CloudEvents SDK, structured and binary, and reads it back.

ORDERCHAT_URL, ORDERCHAT_TOKEN as in examples/shop.py."""

import json
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

ORDER = "käse / 1"
URL = os.environ["ORDERCHAT_URL"]
BEARER = {"Authorization": "Bearer " + os.environ["ORDERCHAT_TOKEN"]}


def ask(request):
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        sys.exit(f"{request.full_url}: {error.code} {error.read().decode()}")


def send(message):
    request = urllib.request.Request(
        URL + "/api/orders/events/", data=message.body, headers={**message.headers, **BEARER},
        method="POST")
    return ask(request)


def event(sequence, kind, **data):
    attributes = {
        "specversion": "1.0", "id": f"é {sequence}", "source": "https://shop.example/orders",
        "type": kind, "subject": ORDER, "time": datetime.now(timezone.utc),
        "datacontenttype": "application/json"}
    return CloudEvent(attributes=attributes, data={**data, "sequence": sequence})


EVENTS = [
    event(1, "order.created", number="7", status="accepted",
          customer={"id": "c1", "name": "Aisha"}, pharmacy={"id": "ph1", "name": "Corner"}),
    event(3, "order.status_changed", status="picked_up"),
    event(2, "order.status_changed", status="preparing"),
    event(4, "delivery.assigned", rider={"id": "r1", "name": "Ravi"}),
]
for number, one in enumerate(EVENTS):
    ways = [to_structured_event, to_binary_event]
    first, second = ways if number % 2 else reversed(ways)
    taken, again = send(first(one)), send(second(one))
    if (taken["accepted"], again["repeated"]) != (1, 1):
        sys.exit(f"event {number}: {taken}, then {again}")
path = "/api/orders/" + urllib.request.quote(ORDER, safe="") + "/"
order = ask(urllib.request.Request(URL + path, headers=BEARER))
if (order["status"], order["rider"]["name"], order["sequence"]) != ("picked_up", "Ravi", 4):
    sys.exit(f"the order is {order}")
print("the CloudEvents SDK sends, and the order is what it said")
