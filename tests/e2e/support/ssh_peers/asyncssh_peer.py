"""Logs in by asyncssh in every way it knows. Called with the port of a decoy; keys are in the folder.

Prints what the server answered, one JSON object.
"""
import asyncio
import json
import sys
import warnings

warnings.simplefilter("ignore")  # old ciphers that nobody uses

import asyncssh

#: Each key exchange with another cipher, MAC and host key.
CHOICES = (
    ("curve25519-sha256", "aes128-ctr", "hmac-sha2-256-etm@openssh.com", "ssh-ed25519"),
    ("ecdh-sha2-nistp521", "aes256-gcm@openssh.com", "umac-64@openssh.com", "ecdsa-sha2-nistp256"),
    ("ecdh-sha2-nistp384", "aes192-ctr", "umac-128-etm@openssh.com", "rsa-sha2-512"),
    ("ecdh-sha2-nistp256", "aes256-ctr", "hmac-sha1", "rsa-sha2-256"),
    (
        "diffie-hellman-group-exchange-sha256",
        "chacha20-poly1305@openssh.com",
        "hmac-sha2-512",
        "ssh-ed25519",
    ),
    ("diffie-hellman-group16-sha512", "aes128-gcm@openssh.com", "hmac-sha1", "rsa-sha2-512"),
)


class Answerer(asyncssh.SSHClient):
    def __init__(self, prompts):
        self.prompts = prompts

    def kbdint_auth_requested(self):
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        self.prompts.append([name, instructions, lang, [list(prompt) for prompt in prompts]])
        return ["answer 2"] * len(prompts) if len(self.prompts) == 1 else None


async def refused(port, username, **options):
    options = {
        "known_hosts": None,
        "config": None,
        "agent_path": None,
        "client_keys": None,
        "username": username,
        **options,
    }
    try:
        async with asyncssh.connect("127.0.0.1", port, **options):
            return "let in"
    except asyncssh.PermissionDenied as error:
        return str(error)


async def main(port):
    said = {"passwords": []}
    for i, (kex, cipher, mac, host_key) in enumerate(CHOICES):
        said["passwords"].append(
            await refused(
                port,
                "asyncssh",
                password="asyncssh %d" % i,
                preferred_auth=["password"],
                kex_algs=[kex],
                encryption_algs=[cipher],
                mac_algs=[mac],
                server_host_key_algs=[host_key],
            )
        )
    said["keys"] = [
        await refused(port, "asyncssh " + name, client_keys=[name], preferred_auth=["publickey"])
        for name in ("rsa", "ecdsa256", "ed25519")
    ]
    prompts = []
    said["interactive"] = await refused(
        port,
        "asyncssh",
        preferred_auth=["keyboard-interactive"],
        client_factory=lambda: Answerer(prompts),
    )
    said["prompts"] = prompts
    print(json.dumps(said))


asyncio.run(main(int(sys.argv[1])))
