"""A certificate authority for tests, by openssl: what a device or a backend may show, and what it may not.

    authority = pki.Authority(directory)
    authority.issue("server", "localhost", ["DNS:localhost", "IP:127.0.0.1"])  # server.pem; the key is leaf.key
    authority.revoke("server")                                                 # in crl.pem
"""

import os
import shutil
import subprocess

VALID = ("20200101000000Z", "20491231235959Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")
NOT_YET_VALID = ("20480101000000Z", "20491231235959Z")

CONFIGURATION = """\
[ca]
default_ca = here
[here]
database = {name}.index
serial = {name}.serial
crlnumber = {name}.crlnumber
new_certs_dir = .
certificate = {name}.pem
private_key = {name}.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class OpenSsl:
    """For suite.need."""

    @staticmethod
    def missing():
        return None if shutil.which("openssl") else "openssl is not installed"


class Authority:
    """Files in `directory`: NAME.pem and NAME.key of itself, crl.pem, and leaf.key, which all have that it issues for."""

    def __init__(self, directory, name="ca"):
        self.directory, self.name = directory, name
        for file, text in ((".index", ""), (".serial", "01\n"), (".crlnumber", "01\n"), (".cnf", CONFIGURATION.format(name=name))):
            self._write(name + file, text)
        self._key(name + ".key")
        if not os.path.exists(self.path("leaf.key")):
            self._key("leaf.key")
        self._sign(name, "test authority " + name, "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n", VALID,
                   name + ".key", ["-selfsign"])
        self._list()

    def path(self, file):
        return os.path.join(self.directory, file)

    def _write(self, file, text):
        with open(self.path(file), "w", encoding="ascii") as out:
            out.write(text)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (" ".join(arguments), done.stdout))

    def _key(self, file):
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file)
        os.chmod(self.path(file), 0o600)

    def _sign(self, name, subject, extensions, valid, key, more=()):
        self._write(name + ".ext", extensions)
        self._openssl("req", "-new", "-key", key, "-out", name + ".csr", "-subj", "/CN=" + subject)
        self._openssl("ca", "-batch", "-config", self.name + ".cnf", "-in", name + ".csr", "-out", name + ".pem", "-notext",
                      "-startdate", valid[0], "-enddate", valid[1], "-extfile", name + ".ext", *more)

    def issue(self, name, subject, names=(), valid=VALID):
        self._sign(name, subject, "subjectAltName=" + ",".join(names) + "\n" if names else "", valid, "leaf.key")

    def revoke(self, name):
        self._openssl("ca", "-config", self.name + ".cnf", "-revoke", name + ".pem")
        self._list()

    def _list(self):
        self._openssl("ca", "-config", self.name + ".cnf", "-gencrl", "-crl_lastupdate", VALID[0], "-crl_nextupdate", VALID[1], "-out",
                      "crl.pem")
