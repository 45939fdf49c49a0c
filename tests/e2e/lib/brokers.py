"""Real brokers as private instances: a free port, files in a temporary directory, no service of the machine touched.

    with Mosquitto() as broker:
        run("--target", broker.uri)

Each class says with missing() why it cannot run here; a test that cannot run for that reason is a named skip. After
start(), `versions` lists the MQTT versions that this broker accepted a CONNECT of. All of them accept CREDENTIALS;
ejabberd accepts nobody without a password, the others also take clients that name none.
"""

import glob
import json
import os
import re
import shutil
import signal
import subprocess

import mqtt
import processes
import suite


CREDENTIALS = ("guest", "guest")


class Broker:
    """What all brokers have in common: start, stop, kill and restart on the same port, pause."""

    name = ""
    package = ""  # of Debian
    ready_s = 30
    stop_s = 10

    def __init__(self, port=None):
        self.port = port or processes.free_port()
        self.directory = processes.Directory(self.name)
        self.process = None
        self.versions = []

    @classmethod
    def missing(cls):
        """Why this broker cannot run here, or None."""
        raise NotImplementedError

    def launch(self):
        """Starts the program and returns its Process."""
        raise NotImplementedError

    @property
    def uri(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        self.process = self.launch()
        try:
            processes.wait_until(self._ready, self.ready_s, f"{self.name} accepts a connection")
        except Exception as error:
            output = self.process.output()[-3000:]
            self.close()
            raise RuntimeError(f"{self.name} did not start: {error}\n{output}") from error
        self.versions = mqtt.spoken_versions(self.port, CREDENTIALS)
        return self

    def _ready(self):
        if not self.process.running():
            raise RuntimeError(f"exit status {self.process.child.returncode}")
        return mqtt.accepts(self.port, credentials=CREDENTIALS)

    def stop(self):
        """In order, as an operator would."""
        if self.process:
            self.process.stop(self.stop_s)
            self._gone()

    def kill(self):
        """At once, as a power cut would."""
        self.process.kill()
        self._gone()

    def _gone(self):
        """Ends what the program started outside its group (Erlang's port programs, a node behind a shell script), and
        returns when nothing listens any more."""
        end_strays(self.directory.path)
        processes.wait_until(lambda: not processes.listens(self.port), 10, f"{self.name} is gone")

    def restart(self):
        """On the same port, with the same files."""
        self.stop()
        return self.start()

    def pause(self):
        """Accepts and answers nothing until resume(); its sockets stay."""
        self.process.signal(signal.SIGSTOP)

    def resume(self):
        self.process.signal(signal.SIGCONT)

    def log(self):
        return self.process.output()

    def close(self):
        self.stop()
        self.directory.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class Mosquitto(Broker):
    """Mosquitto; `settings` are more lines of its configuration, `persistent` keeps sessions over a restart."""

    name = "mosquitto"
    package = "mosquitto"

    def __init__(self, port=None, settings=(), persistent=False):
        super().__init__(port)
        self.settings = list(settings)
        self.persistent = persistent

    @classmethod
    def program(cls):
        return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

    @classmethod
    def missing(cls):
        return None if cls.program() else "mosquitto is not installed"

    def launch(self):
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_queued_messages 0",
            f"persistence {'true' if self.persistent else 'false'}",
            "log_dest stdout",
            "log_type error",
            "log_type warning",
        ]
        if self.persistent:
            lines += [f"persistence_location {self.directory.path}/", "autosave_interval 1"]
        if os.geteuid() == 0:
            lines.append("user root")
        config = self.directory.file("mosquitto.conf", "\n".join(lines + self.settings) + "\n")
        return processes.Process([self.program(), "-c", config], self.directory.file("log"))


class Builtin(Broker):
    """Muster's own, `muster backend`; `options` are its options, as in Builtin("--misbehave", "drop=1000")."""

    name = "builtin"

    def __init__(self, *options, port=None):
        super().__init__(port)
        self.options = options

    @classmethod
    def missing(cls):
        return None

    def launch(self):
        return processes.Process([suite.MUSTER, "backend", "--listen", f"127.0.0.1:{self.port}", "--quiet", *self.options],
                                 self.directory.file("log"))

    def counts(self):
        """Ends it and returns what it counted."""
        self.stop()
        return json.loads(self.log().splitlines()[-1])


class RabbitMQ(Broker):
    """RabbitMQ with its MQTT plugin. Debian 12 packages 3.10, which speaks 3.1.1 and hands QoS 2 on as QoS 1; 3.13 and
    later (Debian 13: 4.0) speak 5.0 too."""

    name = "rabbitmq"
    package = "rabbitmq-server"
    ready_s = 90
    stop_s = 30
    server = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    def __init__(self, port=None):
        super().__init__(port)
        self.epmd = None
        self.epmd_port = processes.free_port()
        self.distribution_port = processes.free_port()

    @classmethod
    def missing(cls):
        if not os.access(cls.server, os.X_OK):
            return "rabbitmq-server is not installed"
        return None if shutil.which("epmd") else "epmd is not installed"

    def launch(self):
        # the port mapper of Erlang would outlive the node as a daemon: run one of our own in the foreground
        if not self.epmd or not self.epmd.running():
            arguments = [shutil.which("epmd"), "-port", str(self.epmd_port), "-address", "127.0.0.1"]
            self.epmd = processes.Process(arguments, self.directory.file("epmd.log"))
            processes.wait_until(lambda: processes.listens(self.epmd_port), 10, "epmd listens")
        config = self.directory.file("rabbitmq.conf", (
            f"listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{self.port}\nmqtt.allow_anonymous = true\n"
            "mqtt.tcp_listen_options.nodelay = true\nmqtt.tcp_listen_options.backlog = 1024\n"
            "log.console = true\nlog.console.level = warning\nlog.file = false\n"))
        env = {
            "HOME": self.directory.path,
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": f"muster{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_CONF_ENV_FILE": self.directory.file("rabbitmq-env.conf", ""),
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.directory.file("plugins", "[rabbitmq_mqtt].\n"),
            "RABBITMQ_MNESIA_BASE": self.directory.file("data"),
            "RABBITMQ_LOG_BASE": self.directory.file("logs"),
            "RABBITMQ_PID_FILE": self.directory.file("pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": self.directory.file("feature_flags"),
        }
        return processes.Process([self.server], self.directory.file("log"), env, cwd=self.directory.path)

    def _gone(self):
        if self.epmd:
            self.epmd.stop()
        super()._gone()


class Ejabberd(Broker):
    """ejabberd with mod_mqtt, which refuses clients without a password and shared subscriptions. It is started
    by erl itself: a node without distribution needs no name, cookie or epmd. Debian packages 23.01 (12) and 24.12 (13);
    both speak 3.1.1 and 5.0."""

    name = "ejabberd"
    package = "ejabberd"
    ready_s = 60

    @classmethod
    def libraries(cls):
        found = glob.glob("/usr/lib/*/ejabberd-*/ebin/ejabberd.app") + glob.glob("/usr/lib/ejabberd-*/ebin/ejabberd.app")
        return os.path.dirname(os.path.dirname(os.path.dirname(found[0]))) if found else None

    @classmethod
    def missing(cls):
        if not cls.libraries():
            return "ejabberd is not installed"
        return None if shutil.which("erl") else "erl is not installed"

    def launch(self):
        config = self.directory.file("ejabberd.yml", (
            "hosts: [localhost]\nloglevel: warning\nauth_method: anonymous\nallow_multiple_connections: true\n"
            "anonymous_protocol: login_anon\ncertfiles: []\n"
            f'listen:\n  -\n    port: {self.port}\n    ip: "127.0.0.1"\n    module: mod_mqtt\n    backlog: 1024\n'
            'modules:\n  mod_mqtt:\n    access_publish:\n      "#":\n        - allow: all\n'
            '    access_subscribe:\n      "#":\n        - allow: all\n    max_queue: infinity\n'))
        env = {
            "HOME": self.directory.path,
            "ERL_LIBS": self.libraries(),
            "EJABBERD_CONFIG_PATH": config,
            "EJABBERD_LOG_PATH": self.directory.file("ejabberd.log"),
            "ERL_CRASH_DUMP": self.directory.file("erl_crash.dump"),
        }
        spool = self.directory.file("spool")
        arguments = [shutil.which("erl"), "-noinput", "+K", "true", "-mnesia", "dir", f'"{spool}"', "-s", "ejabberd"]
        return processes.Process(arguments, self.directory.file("log"), env, cwd=self.directory.path)

    def log(self):
        path = self.directory.file("ejabberd.log")
        if not os.path.exists(path):
            return super().log()
        with open(path, encoding="utf-8", errors="replace") as f:
            return super().log() + f.read()


ALL = [Mosquitto, RabbitMQ, Ejabberd]


def end_strays(directory):
    """Ends processes whose working directory is `directory`: helpers that left their starter's group."""
    for entry in glob.glob("/proc/[0-9]*"):
        try:
            if os.readlink(f"{entry}/cwd").removesuffix(" (deleted)") == directory:
                os.kill(int(os.path.basename(entry)), signal.SIGKILL)
        except OSError:
            pass


def installed_version(package):
    """The version of a Debian package without its revision, or "unknown"."""
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False)
    return re.sub(r"^\d+:|-[^-]*$", "", asked.stdout) or "unknown"
