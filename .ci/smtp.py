"""A mail server on loopback that knows one user: PORT CERTIFICATE KEY; the password stands in UNLEAK_REAL_PASSWORD."""

import os
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, certificate, key = sys.argv[1:]
password = os.environ["UNLEAK_REAL_PASSWORD"].encode()


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"app" and data.password == password, handled=False)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
controller = Controller(
    object(), hostname="127.0.0.1", port=int(port), authenticator=authenticate, auth_required=True, tls_context=context
)
controller.start()
signal.sigwait({signal.SIGTERM, signal.SIGINT})
controller.stop()
