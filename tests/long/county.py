#!/usr/bin/python3
"""The county of docker/compose.yaml lives through an accident. test_image.py starts this in namespaces of its
own. usage: county.py ROOT CONFIG FOLDER    (the unpacked image, its configuration as JSON, an empty folder)

MUSTER_COUNTY is what docker/make-county.sh made, MUSTER_BIN the folder of the command centre's program,
MUSTER_SOURCE the repository.
"""
import json
import os
import subprocess
import sys

from engine import County, Image, until

SOURCE, BIN = os.environ["MUSTER_SOURCE"], os.environ["MUSTER_BIN"]
AGENCIES = {"emergency-management/rescue-team": "inspect", "fire-rescue": "dispatch",
            "public-security": "traffic-control", "health": "medical"}


def say(text):
    print(text, flush=True)


def muster(*words, check=True):
    """The command centre, outside the containers. Without check None says that it failed."""
    done = subprocess.run([os.path.join(BIN, "muster"), *words], check=False, capture_output=True, text=True,
                          timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"muster {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout if done.returncode == 0 else None


def ids(text):
    return [line.split()[0] for line in (text or "").splitlines() if line and len(line.split()[0]) == 26]


def issue(incident, agency):
    """The id of a new order to an agency, or to one of its agents."""
    return ids(muster("order", "issue", "--incident", incident, "--to", "370102/" + agency,
                      "--kind", AGENCIES[agency], "--text", "发电机房两人被困"))[0]


def orders(incident):
    shown = muster("incident", "show", incident, "--json", check=False)
    return {order["order"]: order for order in json.loads(shown.splitlines()[0])["orders"]} if shown else {}


def rungs(incident, issued, *wanted):
    found = orders(incident)
    return all(found.get(order, {}).get("rung") in wanted for order in issued)


def agents_there():
    listed = muster("agent", "list", "--json", check=False)
    return listed and sum(bool(json.loads(line).get("units")) for line in listed.splitlines()) == 4


def play(county):
    broker, fire = county.services["broker"], county.services["fire-rescue"]
    until("four agencies to say what units they have", agents_there)
    say("four agencies are there")

    incident = ids(muster("incident", "report", "--kind", "poisoning-asphyxiation", "--trapped", "2",
                          "--title", "发电机房中毒窒息", "--place", "3 号厂房"))[0]
    issued = [issue(incident, agency) for agency in AGENCIES]
    until("receipts", lambda: rungs(incident, issued, "accepted", "en-route", "on-scene", "completed"))
    say("every order is accepted")

    # The engine starts each of them again; the journal and the log say where they were.
    fire.kill()
    broker.kill()
    until("the broker to be started again", lambda: broker.starts == 2 and broker.process.poll() is None)
    until("fire and rescue to be started again", lambda: fire.starts == 2)
    say("broker and fire-rescue were killed with -9 and started again")
    late = issue(incident, "fire-rescue")
    muster("order", "recall", late, "--reason", "done")
    until("the recall", lambda: rungs(incident, [late], "recalled"))
    until("the orders to be completed", lambda: rungs(incident, issued, "completed"), 60)
    if set(orders(incident)) != {*issued, late}:
        raise AssertionError(f"orders {sorted(orders(incident))} where {sorted([*issued, late])} were issued")
    say("four orders are completed, a fifth is recalled")

    say(broker.execute("/usr/local/bin/muster", "verify", "/var/lib/muster/log").strip().splitlines()[-1])
    codes = county.down()
    if set(codes.values()) != {0}:
        raise AssertionError(f"stopped, they end with {codes}")
    log = os.path.join(county.folder, "volumes", "broker-log", "log")
    out = muster("verify", log, "--root", os.path.join(os.environ["MUSTER_COUNTY"], "region", "region.pub"))
    say(out.strip().splitlines()[-1])


def main(arguments):
    root, config, folder = arguments
    os.environ["MUSTER_CONFIG"] = os.path.join(os.environ["MUSTER_COUNTY"], "region", "centre.yaml")
    image = Image(root, json.loads(config))
    county = County(os.path.join(SOURCE, "docker", "compose.yaml"), os.environ, image, folder)
    try:
        county.up()
        play(county)
    except AssertionError as failure:
        print(f"county: {failure}", file=sys.stderr)
        for service in county.services.values():
            print(f"--- {service.name}, started {service.starts} times\n{service.output()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
