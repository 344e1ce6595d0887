#!/usr/bin/env python3
"""Plays a shop's backend: drives whole orders by CloudEvents, from the first event to the end.

Needs Python 3 and nothing else, and a running server:
  ORDERCHAT_URL      where it listens, e.g. http://127.0.0.1:8080
  ORDERCHAT_TOKEN    a token of the service:
                     orderchat token --sub my-shop --role service

  shop.py [--orders N] [--pause SECONDS]

Every event is sent twice and the second half of each order comes in the wrong order, as happens when
queues retry. At the end it reads each order back and says what became of it.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SOURCE = "https://shop.example/orders"


def call(method, path, body=None, content_type="application/json"):
    """Asks the server; gives the status and what it answered."""
    url = os.environ.get("ORDERCHAT_URL", "http://127.0.0.1:8080").rstrip("/") + path
    headers = {"Authorization": "Bearer " + os.environ["ORDERCHAT_TOKEN"]}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = content_type
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def event(order, sequence, kind, data):
    """An event of an order. Its id is made of the order and the sequence, so that a retry repeats it."""
    return {
        "specversion": "1.0",
        "id": f"{order}-{sequence}",
        "source": SOURCE,
        "type": kind,
        "subject": order,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data": {**data, "sequence": sequence},
    }


def life_of(order, number):
    """The events of one order, in the order in which they happen."""
    rider = {"id": "rider-ravi", "name": "Ravi Menon"}
    steps = [
        ("order.created", {
            "number": number, "status": "pending", "language": "en",
            "customer": {"id": f"customer-{number}", "name": "Aisha Rahman"},
            "pharmacy": {"id": "ph-marigold", "name": "Marigold Lane Pharmacy",
                         "staff": [{"id": "staff-mei", "name": "Mei Tanaka"}]}}),
        ("order.status_changed", {"status": "accepted"}),
        ("order.status_changed", {"status": "preparing"}),
        ("delivery.assigned", {"rider": rider}),
        ("order.status_changed", {"status": "ready_for_pickup"}),
        ("order.status_changed", {"status": "picked_up"}),
        ("delivery.status_changed", {"delivery_status": "delivering"}),
        ("delivery.eta_changed", {"eta": "2027-01-01T12:30:00Z"}),
        ("delivery.proof_added", {"kind": "photo", "lat": 52.52, "lon": 13.405}),
        ("delivery.status_changed", {"delivery_status": "completed"}),
        ("order.status_changed", {"status": "delivered"}),
    ]
    return [event(order, place + 1, kind, data) for place, (kind, data) in enumerate(steps)]


def send(sent):
    """One event, or a list of them as a batch."""
    kind = "cloudevents-batch" if isinstance(sent, list) else "cloudevents"
    status, answer = call("POST", "/api/orders/events/", sent, f"application/{kind}+json")
    if status != 202 or answer["errors"]:
        sys.exit(f"the server refused {json.dumps(sent)}: {status} {json.dumps(answer)}")
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two events")
    arguments = parser.parse_args()
    if "ORDERCHAT_TOKEN" not in os.environ:
        sys.exit("give ORDERCHAT_TOKEN: orderchat token --sub my-shop --role service")
    run = int(time.time())
    failed = False
    for place in range(arguments.orders):
        number = f"{run}-{place}"
        order = f"shop-py-{number}"
        events = life_of(order, number)
        half = len(events) // 2
        for one in events[:half]:
            send(one)
            time.sleep(arguments.pause)
        late = list(reversed(events[half:]))
        accepted = send(late)["accepted"]
        repeated = send(events)["repeated"]
        status, now = call("GET", f"/api/orders/{urllib.parse.quote(order, safe='')}/")
        told = (now["status"], now["delivery_status"], (now["rider"] or {}).get("name"))
        good = status == 200 and told == ("delivered", "completed", "Ravi Menon")
        good = good and accepted == len(late) and repeated == len(events)
        failed = failed or not good
        print(f"order {place + 1}: {' '.join(map(str, told))}, {repeated} repeats changed nothing"
              if good else f"order {place + 1}: WRONG, {now}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
