# SPDX-License-Identifier: MIT
"""Certificates for tests, by openssl's program: an authority, and what it signs."""
import base64
import hashlib
import ssl
import subprocess
from pathlib import Path

from .ports import free_port

CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Certificates:
    """Files in a directory: `authority`, and by issue() pairs of NAME.crt and NAME.key."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.authority = self.directory / "authority.crt"
        self._key = self.directory / "authority.key"
        openssl("req", "-x509", "-newkey", *CURVE, "-nodes", "-days", "30",
                "-keyout", self._key, "-out", self.authority, "-subj", "/CN=authority of a test")

    def issue(self, name="tls", names="DNS:dns.example,IP:127.0.0.1", days=30, subject="/CN=server of a test",
              key=CURVE):
        """(certificate's file, key's file). `days` below 0: expired. `key`: what openssl's -newkey is told."""
        certificate, key_file = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", key_file, "-out", request, "-subj", subject)
        extensions.write_text(f"subjectAltName={names}\n" if names else "")
        openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self._key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key_file

    def issue_der(self, name, der):
        """The same with these bytes as its names."""
        return self.issue(name, "DER:" + ":".join(f"{octet:02x}" for octet in der))

    def issue_early(self, name, names="DNS:dns.example", starts="20990101000000Z", ends="20990201000000Z"):
        """One that is not valid before `starts`."""
        certificate, key_file = self.issue(name, names)
        (self.directory / "index").write_text("")
        config = self.directory / "early.conf"
        config.write_text(f"[ca]\ndefault_ca = one\n[one]\ndatabase = {self.directory}/index\n"
                          f"new_certs_dir = {self.directory}\nserial = {self.directory}/serial\ndefault_md = sha256\n"
                          "policy = any\n[any]\ncommonName = supplied\n")
        openssl("ca", "-config", config, "-batch", "-notext", "-rand_serial", "-cert", self.authority,
                "-keyfile", self._key, "-startdate", starts, "-enddate", ends,
                "-extfile", self.directory / f"{name}.ext", "-in", self.directory / f"{name}.csr", "-out", certificate)
        return certificate, key_file

    def settings(self, **more):
        """Settings of a program that answers over TLS."""
        certificate, key = self.issue()
        return {"listen_tls": f"127.0.0.1:{free_port()}", "tls_cert": certificate, "tls_key": key, **more}


def pin_of(certificate):
    """The digest of a certificate's public key (RFC 7469 2.4)."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    key = subprocess.run(["openssl", "x509", "-inform", "DER", "-pubkey", "-noout"], input=der, capture_output=True,
                         check=True).stdout
    spki = base64.b64decode(b"".join(key.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
