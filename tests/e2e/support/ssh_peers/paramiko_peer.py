"""Logs in by paramiko in every way it knows. Called with the port of a decoy; keys are in the folder.

Prints what the server answered, one JSON object.
"""
import json
import sys

import paramiko


def connect(port):
    transport = paramiko.Transport(("127.0.0.1", port))
    transport.start_client(timeout=20)
    return transport


def refused(call):
    """Name of the exception, and the methods that may be tried instead."""
    try:
        call()
    except paramiko.BadAuthenticationType as error:
        return [type(error).__name__, error.allowed_types]
    except paramiko.AuthenticationException as error:
        return [type(error).__name__]
    return ["let in"]


def main(port):
    said = {}
    transport = connect(port)
    said["none"] = refused(lambda: transport.auth_none("paramiko"))
    said["password"] = refused(
        lambda: transport.auth_password("paramiko", "p ä\u0141 1", fallback=False)
    )
    said["again"] = refused(lambda: transport.auth_password("paramiko", "pass 2", fallback=False))
    transport.close()

    for name, load in (
        ("rsa", paramiko.RSAKey),
        ("ecdsa256", paramiko.ECDSAKey),
        ("ecdsa384", paramiko.ECDSAKey),
        ("ecdsa521", paramiko.ECDSAKey),
        ("ed25519", paramiko.Ed25519Key),
    ):
        transport = connect(port)
        key = load.from_private_key_file(name)
        said[name] = refused(lambda: transport.auth_publickey("paramiko " + name, key))
        transport.close()

    transport = connect(port)
    prompts = []

    def answer(title, instructions, fields):
        prompts.append([title, instructions, [list(field) for field in fields]])
        return ["answer 1"] * len(fields)

    said["interactive"] = refused(lambda: transport.auth_interactive("paramiko", answer))
    said["prompts"] = prompts
    transport.close()
    print(json.dumps(said))


main(int(sys.argv[1]))
