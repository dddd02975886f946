"""Logs in to a VNC server inside of TLS without a certificate, and prints what it saw.

Arguments: port, type of VeNCrypt (258 or 259), OpenSSL's cipher list, answer or login in hex.
What must differ from one connection to the next is left out: random, session, point.
"""

import socket
import ssl
import sys

port, subtype, ciphers, login = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]

connection = socket.create_connection(("127.0.0.1", port), 20)


def exactly(count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            break
        data += piece
    return data


exactly(12)
connection.sendall(b"RFB 003.008\n")
connection.sendall(exactly(exactly(1)[0])[:1])
exactly(2)
connection.sendall(b"\0\2")
exactly(4 * exactly(2)[1])
connection.sendall(subtype.to_bytes(4, "big"))
print("begins", exactly(1).hex())

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = ssl.TLSVersion.TLSv1_2
context.set_ciphers(ciphers + ":@SECLEVEL=0")
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing)
clear = b""


def receive():
    global clear
    data = connection.recv(65536)
    clear += data
    incoming.write(data) if data else incoming.write_eof()
    return data


def step(action):
    """Does something inside of TLS, with as much traffic as that takes."""
    while True:
        try:
            result = action()
            connection.sendall(outgoing.read())
            return result
        except ssl.SSLWantReadError:
            connection.sendall(outgoing.read())
            if not receive():
                raise EOFError


def records(data):
    """Types, lengths and, of the handshake in clear, bodies."""
    while len(data) >= 5:
        length = int.from_bytes(data[3:5], "big")
        kind, body, data = data[0], data[5 : 5 + length], data[5 + length :]
        if kind == 22 and body[0] == 2:
            body = body[:6] + b"R" * 24 + body[30:38] + b"\x20" + b"S" * 32 + body[71:]
        if kind == 22 and body[0] == 12:
            body = body[:8] + b"P" * (len(body) - 8)
        yield kind, length, body.hex()


try:
    step(tls.do_handshake)
except (ssl.SSLError, EOFError):
    while receive():
        pass
    print("refused", clear.hex())
    sys.exit()
flight = list(records(clear))
print(tls.version(), tls.cipher()[0])
for record in flight[:3]:
    print(*record)
print([record[:2] for record in flight[3:5]])
if subtype == 258:
    print("challenge", len(step(lambda: tls.read(100))))
step(lambda: tls.write(bytes.fromhex(login)))
said = b""
while True:
    try:
        data = step(lambda: tls.read(1000))
    except (EOFError, ssl.SSLError) as error:
        print("end", type(error).__name__)
        break
    if not data:
        print("end", "in order")
        break
    said += data
print("said", said)
