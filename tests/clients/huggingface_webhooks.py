"""Runs an unmodified huggingface_hub against the real binary: webhooks, from making one to what arrives.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_webhooks.py --binary target/debug/geoml-hub
"""

import argparse
import hashlib
import hmac
import http.server
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading

# Read by the library when it is loaded.
os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"

from hub import Client, Hub, person, refused, say, until

SECRET = "between-us"
ids = []


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    got = queue.Queue()

    def do_POST(self):
        """Takes one delivery."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.got.put((self.headers, body))

    def log_message(self, *_):
        """Says nothing."""


def next_delivery():
    """Waits for the next delivery, and answers what it tells after a look at its secret and its signature."""
    headers, body = Receiver.got.get(timeout=30)
    assert headers["X-Webhook-Secret"] == SECRET, dict(headers)
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["X-GeoML-Signature-256"], signature)
    ids.append(headers["X-GeoML-Delivery"])
    return json.loads(body)


def new_repository(name):
    """What is told of a new repository. It holds something at once, of which is told at the same time."""
    told = {one["event"]["scope"]: one for one in (next_delivery(), next_delivery())}
    assert {one["repo"]["name"] for one in told.values()} == {name}, told
    assert told["repo.content"]["event"]["action"] == "update", told
    assert told["repo"]["event"]["action"] == "create", told
    return told["repo"]


def manage(ana, ben, url, errors):
    """Made, listed, shown, changed, and nobody else's."""
    watched = [{"type": "model", "name": "ana/rain"}]
    made = ana.create_webhook(url=url, watched=watched, domains=["repo"], secret=SECRET)
    assert (made.url, made.domains, made.secret, made.disabled) == (url, ["repo"], SECRET, False), made
    assert ana.get_webhook(made.id) == made
    assert ana.list_webhooks() == [made] and ben.list_webhooks() == []
    refused(errors.HfHubHTTPError, ben.get_webhook, made.id)
    refused(errors.HfHubHTTPError, ben.delete_webhook, made.id)
    changed = ana.update_webhook(made.id, watched=[{"type": "user", "name": "ana"}], domains=["repo", "discussion"])
    assert [(item.type, item.name) for item in changed.watched] == [("user", "ana")], changed
    assert (changed.secret, changed.url, changed.domains) == (SECRET, url, ["repo", "discussion"]), changed
    refused(errors.HfHubHTTPError, ana.create_webhook, url="http://10.1.2.3/", watched=watched)
    refused(errors.HfHubHTTPError, ana.create_webhook, job_id="job", watched=watched)
    say("ok - webhooks are made, listed, shown and changed, and are their owner's alone")
    return made.id


def deliveries(ana, hook):
    """Commits and discussions arrive, nothing while it sleeps."""
    ana.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="ana/rain")
    told = next_delivery()
    assert told["event"] == {"action": "update", "scope": "repo.content"}, told
    assert told["updatedRefs"][0]["newSha"] == ana.model_info("ana/rain").sha == told["repo"]["headSha"], told
    ana.create_discussion("ana/rain", title="Rain", description="It rains.")
    told = next_delivery()
    assert (told["event"]["scope"], told["discussion"]["title"]) == ("discussion", "Rain"), told
    assert ana.disable_webhook(hook).disabled
    ana.upload_file(path_or_fileobj=b"{ }", path_in_repo="config.json", repo_id="ana/rain")
    assert not ana.enable_webhook(hook).disabled
    ana.create_repo("ana/snow", repo_type="dataset", private=True)
    told = new_repository("ana/snow")
    assert told["repo"]["type"] == "dataset" and told["repo"]["private"], told
    assert told["webhook"] == {"id": hook, "version": 3}, told
    say("ok - commits, discussions and new repositories arrive, with secret and signature")


def log(hub, token, hook):
    """What was sent is remembered, and sent once more under the same id; a test is another one."""
    person = Client(hub, token)
    deliveries = f"/api/v1/webhooks/{hook}/deliveries"
    # The row of the last one is written when its answer has come.
    until(4, lambda: person.json("GET", deliveries)["total"])
    page = person.json("GET", deliveries)
    newest = page["items"][0]
    assert newest["status"] == 204 and newest["error"] is None, page
    assert {item["delivery_id"] for item in page["items"]} == set(ids), (page, ids)
    whole = person.json("GET", f"{deliveries}/{newest['number']}")
    assert json.loads(whole["payload"])["repo"]["name"] == "ana/snow", whole
    person.call("POST", f"{deliveries}/{newest['number']}/redeliver")
    assert next_delivery()["repo"]["name"] == "ana/snow" and ids[-1] == newest["delivery_id"], ids
    person.call("POST", f"/api/v1/webhooks/{hook}/ping")
    assert next_delivery()["event"] == {"action": "ping", "scope": "webhook"} and ids[-1] not in ids[:-1], ids
    say("ok - deliveries are remembered and sent once more, and a test is sent")


def organizations(hub, ana, tokens, url):
    """Members hear of what an organization keeps private; who is none hears nothing."""
    founder = Client(hub, tokens["ana"])
    founder.json("POST", "/api/v1/organizations", {"name": "lab"})
    made = ana.create_webhook(url=url, watched=[{"type": "org", "name": "lab"}], secret=SECRET)
    assert made.domains == ["repo", "discussion"], made
    ana.create_repo("lab/ice", private=True)
    new_repository("lab/ice")
    ana.delete_webhook(made.id)
    say("ok - an organization is watched")


def commands(hub, token, hook, url):
    """The command line tool."""
    environment = {**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{hub.port}", "HF_TOKEN": token}
    hf = os.path.join(os.path.dirname(sys.executable), "hf")

    def run(*arguments):
        done = subprocess.run([hf, "webhooks", *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert hook in run("ls", "--format", "json")
    assert hook in run("info", hook)
    run("disable", hook)
    run("enable", hook)
    run("create", "--url", url, "--watch", "model:ana/rain", "--domain", "discussion")
    made = next(one["id"] for one in json.loads(run("ls", "--format", "json")) if one["id"] != hook)
    run("update", made, "--watch", "dataset:ana/snow")
    assert "dataset:ana/snow" in run("ls", "--format", "json")
    run("delete", made, "--yes")
    assert made not in run("ls", "--format", "json")
    say("ok - hf webhooks")


def main():
    """Runs everything on a hub of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = os.path.join(folder, "home")
        allowed = {"GEOML_HUB__HOOKS__ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}
        hub = Hub(binary, os.path.join(folder, "data"), allowed)
        hub.start()
        os.environ["HF_ENDPOINT"] = endpoint = f"http://127.0.0.1:{hub.port}"
        from huggingface_hub import HfApi, errors

        tokens = {name: person(hub, name) for name in ("ana", "ben")}
        ana, ben = (HfApi(endpoint=endpoint, token=tokens[name]) for name in ("ana", "ben"))
        ana.create_repo("ana/rain")
        url = f"http://127.0.0.1:{receiver.server_port}/hook"
        hook = manage(ana, ben, url, errors)
        deliveries(ana, hook)
        log(hub, tokens["ana"], hook)
        commands(hub, tokens["ana"], hook, url)
        organizations(hub, ana, tokens, url)
        ana.delete_webhook(hook)
        assert ana.list_webhooks() == []
        say("ok - a webhook is deleted")
        hub.stop()
        assert not hub.trouble(), hub.trouble()


main()
