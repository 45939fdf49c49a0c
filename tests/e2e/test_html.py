"""report.html: what checkers, parsers and a browser make of it, also of one full of hostile text, and of a large one."""
# time limit: 180 s

import base64
import html.parser
import os
import re
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import png
import processes
import suite

MAKE_RUN = os.path.join(suite.BUILD, "tests/tools/make_run")
SIZE_MAX = 1500000

SCENARIO = """\
version: 1
name: {name}
seed: 7
duration: {duration}
target: mqtt://127.0.0.1:1883
profiles:
  meter: {{mqtt: {{keepalive: 5min}}}}
fleets:
  meters:
    count: {count}
    profile: meter
    regions: {{eu-west: 40%, eu-north: 20%, us-east: 40%}}
    telemetry: {{every: 10s, topic: "m/${{device.id}}", payload: "random(64B)", qos: 1}}
timeline:
  - {{id: ramp, do: connect, who: all, over: 1min}}
  - {{id: outage, at: {outage}, do: link_down, who: {{region: eu-west}}, how: reset, for: 10s}}
checks:
  - name: {check}
    expect: p99(mqtt.publish.ack) < 1ms
  - expect: time_to(online{{region=eu-west}} >= 99%, from=outage.end) < 1min
"""

# As YAML writes them in double quotes. No control byte stands in the file itself.
HOSTILE = ('"</script><script>alert(1)</script><img src=x onerror=alert(2)> \\e[31m ::error::no =cmd() `touch {mark}` '
           '$(touch {mark}) < \'|touch {mark}\' ]]> --> \\u2028"')


class Tool:
    """A program that a case needs."""

    def __init__(self, name):
        self.name = name

    def missing(self):
        return None if shutil.which(self.name) else f"{self.name} is not installed"


class Page(html.parser.HTMLParser):
    """What stands in a page: elements, attributes, ids, text."""

    VOID = {"meta", "br", "wbr", "img", "hr", "link", "input"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.words, self.headings, self.errors = [], [], [], [], []
        self.feed(text)
        self.close()
        if self.open:
            self.errors.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"unexpected </{tag}>")

    def handle_data(self, data):
        self.words.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self):
        return "".join(self.words)


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


def make(place, seconds=200, count=200, name="a page", check="quick"):
    """Path of report.html of a run that never was, and its directory."""
    fields = {"name": name, "check": check, "count": count, "duration": f"{seconds}s", "outage": f"{seconds * 2 // 5}s"}
    place.file("made.yaml", SCENARIO.format(**fields))
    directory = place.file("run")
    suite.Run([MAKE_RUN, "made.yaml", directory, str(seconds)], cwd=place.path).expect(10)
    return os.path.join(directory, "report.html"), directory


def references(page):
    for _, attributes in page.elements:
        for key in ("href", "src", "xlink:href", "srcset", "action", "data", "poster", "background"):
            if attributes.get(key) is not None:
                yield attributes[key]


def check_page(text):
    page = Page(text)
    suite.equal(page.errors, [], "nesting")
    suite.equal([a for a in page.named("html")], [{"lang": "en"}], "html")
    policy = [a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    suite.equal(len(policy), 1, "policies")
    for part in ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"):
        suite.check(part in policy[0], f"the policy lacks {part}: {policy[0]}")
    suite.check(page.elements[3][1].get("http-equiv") == "Content-Security-Policy", "the policy stands before what it rules")
    for tag in ("script", "iframe", "object", "embed", "link", "form", "base", "audio", "video"):
        suite.equal(page.named(tag), [], tag)
    for tag, attributes in page.elements:
        suite.check(not any(key.startswith("on") for key in attributes), f"<{tag}> has a handler: {attributes}")
    for url in references(page):
        suite.check(re.match(r"#[\w-]+$|data:image/png;base64,|data:text/csv;charset=utf-8,", url), f"refers to {url[:80]}")
    suite.check(not re.search(r"@import|url\((?!#)", text), "the style sheet refers to something")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    suite.equal(len(ids), len(set(ids)), "ids, all different")
    for url in references(page):
        suite.check(not url.startswith("#") or url[1:] in ids, f"{url} leads nowhere")
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    suite.equal(levels.count(1), 1, "h1")
    suite.check(all(b - a <= 1 for a, b in zip(levels, levels[1:])), f"headings skip a level: {levels}")
    suite.check(all("scope" in a for a in page.named("th")), "a header cell without scope")
    return page


def check_tidy(path):
    checked = suite.Run(["tidy", "-q", "-e", path])
    suite.equal((checked.status, checked.stderr[:500]), (0, ""), "tidy's errors and warnings")


@suite.case("the page is sound HTML, complete, and refers to nothing outside itself")
def _():
    suite.need(Tool("tidy"), Tool("gnuplot"))
    place = processes.Directory("html")
    try:
        path, _ = make(place)
        page = check_page(read(path))
        check_tidy(path)
        suite.equal(len(page.named("svg")), 6, "plots")
        for words in ("FAIL", "measured", "muster run made.yaml", "Was the tool the bottleneck?", "Errors by cause",
                      "Shaded: outage 1:20–1:30."):
            suite.check(words in page.text(), f"the page does not say {words!r}")
    finally:
        place.close()


@suite.case("each plot is well-formed XML with title, description, caption and its data")
def _():
    suite.need(Tool("xmllint"), Tool("gnuplot"))
    place = processes.Directory("html")
    try:
        path, _ = make(place)
        text = read(path)
        pictures = re.findall(r"<svg.*?</svg>", text, re.S)
        suite.equal(len(pictures), 6, "plots")
        for i, picture in enumerate(pictures):
            suite.Run(["xmllint", "--noout", place.file(f"{i}.svg", picture)]).expect(0)
            suite.check(re.search(r'role="img" aria-label="[^"]+".*<title>[^<]+</title>\s*<desc>[^<]+</desc>', picture, re.S), "words")
            suite.check("Gnuplot" not in picture, "gnuplot's own title")
        for figure in re.findall(r"<figure>.*?</figure>", text, re.S):
            suite.check("<figcaption>" in figure, "no caption")
            lines = re.search(r'href="data:text/csv;charset=utf-8,([^"]+)"', figure).group(1).replace("%0A", "\n").split("\n")
            suite.check(len(lines) > 30 and lines[1].count(",") == lines[0].count(","), f"data: {lines[:2]}")
        suite.check(any("image/png;base64," in p for p in pictures), "the heat map is no picture")
        for packed in re.findall(r"image/png;base64,([^'\"]+)", text):
            suite.check(base64.b64decode(packed).startswith(b"\x89PNG"), "a PNG")
    finally:
        place.close()


@suite.case("hostile text stays text, in the page and in every plot")
def _():
    suite.need(Tool("tidy"), Tool("gnuplot"))
    place = processes.Directory("html")
    try:
        mark = place.file("mark")
        words = HOSTILE.format(mark=mark)
        path, directory = make(place, name=words, check=words)
        text = read(path)
        page = check_page(text)
        check_tidy(path)
        suite.check("</script><script>alert(1)</script>" in page.text(), "the text is there, as text")
        suite.check("\x1b" not in text and "\\x1B[31m" in text, "ESC is shown, not sent")
        suite.equal(page.named("img"), [], "img")
        for picture in re.findall(r"<svg.*?</svg>", text, re.S):
            suite.check("alert" not in picture and "touch" not in picture, "foreign text in a plot")
        suite.muster("report", directory).expect(10)
        suite.check(not os.path.exists(mark), "something ran a command")
    finally:
        place.close()


@suite.case("64 KiB of text in a name are cut, and the page is whole")
def _():
    suite.need(Tool("tidy"))
    place = processes.Directory("html")
    try:
        path, _ = make(place, name='"' + "<b>&" * 16384 + '"')
        check_page(read(path))
        check_tidy(path)
        suite.check(os.path.getsize(path) < 600000, f"{os.path.getsize(path)} bytes")
    finally:
        place.close()


@suite.case("muster report writes the page that the run wrote")
def _():
    place = processes.Directory("html")
    try:
        path, directory = make(place)
        before = read(path)
        os.remove(path)
        suite.muster("report", directory).expect(10)
        after = read(path)
        suite.check(after == before, "the pages differ")
    finally:
        place.close()


@suite.case("without gnuplot the page is whole and says what to install")
def _():
    place = processes.Directory("html")
    try:
        path, directory = make(place)
        os.mkdir(place.file("empty"))
        suite.muster("report", directory, env={"PATH": place.file("empty")}).expect(10)
        text = read(path)
        check_page(text)
        suite.check("apt install gnuplot-nox" in text and "<svg" not in text, "the page says what is missing")
    finally:
        place.close()


@suite.case("an hour of 10,000 devices fits 1.5 MB and is written in seconds")
def _():
    suite.need(Tool("gnuplot"))
    place = processes.Directory("html")
    try:
        path, directory = make(place, seconds=3600, count=10000)
        os.remove(path)
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        suite.muster("report", directory).expect(10)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
        size = os.path.getsize(path)
        print(f"NOTE {size} bytes, every document in {seconds:.1f} s of processor time")
        suite.check(size < SIZE_MAX, f"{size} bytes")
        suite.check(seconds < 6, f"{seconds:.1f} s")
        check_page(read(path))
    finally:
        place.close()


def photograph(page, picture, dark=False, width=1000, height=900):
    """Chromium's view of the page, in a profile of its own; None when it does not start here (no namespaces, no memory)."""
    profile = picture + ".profile"
    arguments = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                 "--force-device-scale-factor=1", f"--user-data-dir={profile}", f"--window-size={width},{height}",
                 f"--screenshot={picture}"]
    arguments += ["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]
    begin = time.monotonic()
    subprocess.run([*arguments, "file://" + page], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=90, check=True, env={**os.environ, "HOME": os.path.dirname(picture)})
    return png.Png(picture), time.monotonic() - begin


@suite.case("a browser shows the page in light and in dark")
def _():
    suite.need(Tool("chromium"), Tool("gnuplot"))
    place = processes.Directory("html")
    try:
        path, _ = make(place)
        # the sections above the plots are left out, so that a small window holds some of each
        short = place.file("short.html", re.sub(r"(?s)<section>\n<h2 id=\"checks\".*?(?=<section>\n<h2 id=\"plots\")", "", read(path)))
        for dark, banner, page, online in ((False, (166, 32, 13), (255, 255, 255), (0, 114, 178)),
                                           (True, (143, 29, 12), (18, 22, 28), (63, 155, 224))):
            picture, seconds = photograph(short, place.file("dark.png" if dark else "light.png"), dark, height=1300)
            what = "dark" if dark else "light"
            suite.equal((picture.width, picture.height), (1000, 1300), "size")
            suite.check(picture.count(banner) > 50000, f"{what}: the banner is not there")
            suite.check(picture.count(page) > 300000, f"{what}: the page's ground is not there")
            suite.check(picture.count(online) > 20000, f"{what}: the plot of devices online is not there")
            suite.check(seconds < 60, f"{what}: shown after {seconds:.1f} s")
    finally:
        place.close()


suite.main()
