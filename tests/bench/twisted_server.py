"""The two plain Twisted servers of the comparison: an SSH banner, and a TLS line server.

    twisted_server.py banner PORT
    twisted_server.py tls PORT CERT KEY
"""
import sys

from twisted.internet import endpoints, protocol, reactor, ssl
from twisted.protocols.basic import LineReceiver


class Banner(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n")
        self.transport.loseConnection()


class Lines(LineReceiver):
    def connectionMade(self):
        self.sendLine(b"+OK Welcome to the encrypted server!")


kind, port = sys.argv[1], int(sys.argv[2])
factory = protocol.Factory()
if kind == "banner":
    factory.protocol = Banner
    reactor.listenTCP(port, factory, interface="127.0.0.1", backlog=512)
else:
    factory.protocol = Lines
    context = ssl.DefaultOpenSSLContextFactory(sys.argv[4], sys.argv[3])
    reactor.listenSSL(port, factory, context, interface="127.0.0.1", backlog=512)
print("ready", flush=True)
reactor.run()
