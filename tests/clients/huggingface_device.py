"""Runs an unmodified huggingface_hub against the real binary: signing in without a browser, with the command line
and with the library, while somebody says yes or no elsewhere.

    target/test-tools/huggingface-2.4.0/bin/python tests/clients/huggingface_device.py --binary target/debug/geoml-hub
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading

# Read by the library when it is loaded.
os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"

from hub import PASSWORD, Client, Hub, person, say


def browser(hub, name):
    """Somebody who is signed in with the password, as in a browser."""
    login = Client(hub).json("POST", "/api/auth/login", {"username": name, "password": PASSWORD})
    return Client(hub, login["access_token"])


def command(hub, home):
    """The name of the tool and an environment in which nobody is signed in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_TOKEN")}
    environment = {**kept, "HF_ENDPOINT": f"http://127.0.0.1:{hub.port}", "HF_HOME": home, "NO_COLOR": "1"}
    return os.path.join(os.path.dirname(sys.executable), "hf"), environment


def sign_in(hub, home, answer):
    """`hf auth login` with nobody at the keyboard, until somebody has answered its code; its exit code and what it said."""
    hf, environment = command(hub, home)
    process = subprocess.Popen(
        [hf, "auth", "login"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    told, answered = [], False
    for line in process.stdout:
        told.append(line)
        code = re.search(r"\b[B-Z]{4}-[B-Z]{4}\b", line)
        if code and not answered:
            answered = True
            answer(code.group())
    watchdog.cancel()
    return process.wait(), "".join(told)


def by_command(hub, ana, folder):
    """The command line tool signs in, works, and is locked out again."""
    home = os.path.join(folder, "approved")

    def approve(code):
        asked = ana.json("GET", f"/api/auth/device?user_code={code}")
        assert (asked["program"], asked["address"]) == ("huggingface_hub", "127.0.0.1"), asked
        ana.json("POST", "/api/auth/device", {"user_code": code, "approve": True, "scope": "write"})

    status, told = sign_in(hub, home, approve)
    assert status == 0, told
    hf, environment = command(hub, home)

    def run(*arguments):
        return subprocess.run([hf, *arguments], env=environment, capture_output=True, text=True)

    who = run("auth", "whoami")
    assert who.returncode == 0 and "ana" in who.stdout, (who.stdout, who.stderr)
    assert "huggingface_hub" in run("auth", "list").stdout
    notes = os.path.join(folder, "notes.txt")
    with open(notes, "w", encoding="ascii") as file:
        file.write("Core 4\n")
    sent = run("upload", "ana/cores", notes, "notes.txt")
    assert sent.returncode == 0, sent.stderr
    say("ok - hf auth login gets a token when somebody says yes, and uploads with it")

    listed = ana.json("GET", "/api/auth/tokens")["items"]
    (token,) = [one for one in listed if one["name"] == "huggingface_hub"]
    assert token["scope"] == "write" and token["last_used_at"], token
    ana.call("DELETE", f"/api/auth/tokens/{token['id']}")
    refused = run("upload", "ana/cores", notes, "again.txt")
    assert refused.returncode != 0, refused.stdout
    say("ok - the token is listed and stops to work when it is revoked")


def refusal_by_command(hub, ana, folder):
    """The command line tool is told of a no."""
    home = os.path.join(folder, "denied")
    deny = lambda code: ana.json("POST", "/api/auth/device", {"user_code": code, "approve": False})
    status, told = sign_in(hub, home, deny)
    assert status != 0 and "denied" in told, (status, told)
    assert not os.path.exists(os.path.join(home, "token"))
    say("ok - hf auth login ends when somebody says no")


def by_library(ana):
    """The library's own two calls, and what it makes of codes that are no more."""
    from huggingface_hub.errors import DeviceCodeError
    from huggingface_hub.utils import _oauth_device

    info = _oauth_device.request_device_code()
    assert info["verification_uri_complete"].endswith("/device?code=" + info["user_code"]), info
    assert (info["interval"], info["expires_in"]) == (5, 600), info
    pending = []

    def on_pending():
        pending.append(1)
        ana.json("POST", "/api/auth/device", {"user_code": info["user_code"], "approve": True, "scope": "read"})

    granted = _oauth_device.poll_device_token({**info, "interval": 1}, on_pending=on_pending)
    assert granted["access_token"].startswith("gml_") and "refresh_token" not in granted
    assert pending == [1]
    try:
        _oauth_device.poll_device_token({**info, "interval": 1})
    except DeviceCodeError as raised:
        assert raised.error_code == "expired_token", raised
    else:
        raise AssertionError("a code worked twice")
    say("ok - the library waits, gets its token once, and is told when a code is over")


def main():
    """Runs everything on a hub of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = os.path.join(folder, "home")
        hub = Hub(binary, os.path.join(folder, "data"))
        hub.start()
        os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{hub.port}"
        person(hub, "ana")
        ana = browser(hub, "ana")
        by_command(hub, ana, folder)
        refusal_by_command(hub, ana, folder)
        by_library(ana)
        hub.stop()
        assert not hub.trouble(), hub.trouble()


main()
