"""Asks for new keys by paramiko before any login, tries a password, and does both once more.

Called with a port and a password. Prints what came of it, one JSON object.
"""
import json
import sys
import threading

import paramiko

#: How long new keys may take, in s.
KEYS_S = 4
#: How long a refusal may take, in s: sshd waits for up to 6.
REFUSAL_S = 20


def outcome(call, patience):
    """What came of a call: its result, the name of its exception, or nothing in time."""
    said = []

    def run():
        try:
            said.append(call())
        except Exception as error:
            said.append(type(error).__name__)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)
    return said[0] if said else "nothing"


def renegotiate(transport):
    return outcome(lambda: transport.renegotiate_keys() or "new keys", KEYS_S)


def password(transport, secret):
    def call():
        transport.auth_password("nobody127", secret, fallback=False)
        return "let in"

    return outcome(call, REFUSAL_S)


def main(port, secret):
    transport = paramiko.Transport(("127.0.0.1", port))
    transport.daemon = True
    transport.start_client(timeout=20)
    first = transport.H
    said = [renegotiate(transport)]
    if said == ["new keys"]:
        said.append("other hash" if transport.H != first else "same hash")
    said.append(password(transport, secret + " 1"))
    if "new keys" in said:
        said += [renegotiate(transport), password(transport, secret + " 2")]
        said.append("same session" if transport.session_id == first else "other session")
    said.append("open" if transport.is_active() else "over")
    print(json.dumps(said))
    transport.close()


main(int(sys.argv[1]), sys.argv[2])
