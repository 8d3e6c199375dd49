"""Chromium without a window, for tests of pages: opens files, and knows what a page asked for and complained of."""

import json
import shutil
import struct
import time
from pathlib import Path

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
DOWNLOAD_LIMIT_S = 10
# Chromium drops what a page saves after ten files of which each came within a second of the one before.
DOWNLOADS_AT_ONCE = 10
DOWNLOAD_PAUSE_S = 1.1
WAIT_LIMIT_S = 5


def what_is_missing():
    """What a browser test cannot do without, and is not here."""
    found = {"chromium": PROGRAM, "chromedriver": DRIVER, "selenium for Python": webdriver}
    return [name for name, there in found.items() if not there]


class Browser:
    """One browser with a profile and a directory for downloads of its own, both under `directory`."""

    def __init__(self, directory):
        self.downloads = Path(directory) / "downloads"
        self.downloads.mkdir()
        self.download_count = 0
        options = webdriver.ChromeOptions()
        options.binary_location = PROGRAM
        for option in [*OPTIONS, f"--user-data-dir={directory}/profile"]:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.driver.set_script_timeout(30)
        self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def close(self):
        self.driver.quit()

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script, *arguments):
        """The answer of a function's body in the page."""
        return self.driver.execute_script(script, *arguments)

    def resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=width < 600)

    def prefer(self, color_scheme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": color_scheme}])

    def open(self, path):
        """Opens a report; returns the seconds after which it was ready."""
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # of the page before
        self.driver.get(Path(path).as_uri())
        return self.driver.execute_async_script(
            "const done = arguments[0]; regattaReport.ready.then(() => done(performance.now() / 1000));")

    def complaints(self):
        """What has come to the console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def addresses(self):
        """What the page asked for, itself included."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def wait_for(self, script, *arguments):
        """Until a function's body in the page says true."""
        ends = time.monotonic() + WAIT_LIMIT_S
        while not self.run(script, *arguments):
            if time.monotonic() > ends:
                raise AssertionError(f"not within {WAIT_LIMIT_S} s: {script}")
            time.sleep(0.02)

    def show(self, selector):
        """Scrolls to an element; returns its box."""
        return self.run("const node = document.querySelector(arguments[0]);"
                        "node.scrollIntoView({block: 'center', behavior: 'instant'});"
                        "return node.getBoundingClientRect();", selector)

    def press(self, selector, *keys):
        """Keys on an element that has the focus."""
        self.show(selector)
        node = self.driver.find_element("css selector", selector)
        self.run("arguments[0].focus();", node)
        for key in keys:
            node.send_keys(key)

    def drag(self, selector, start, end):
        """The mouse across an element, from one fraction of its width to another."""
        box = self.show(selector)
        y = box["top"] + box["height"] / 2
        for kind, fraction in (("Moved", start), ("Pressed", start), ("Moved", (start + end) / 2), ("Moved", end),
                               ("Released", end)):
            self.command("Input.dispatchMouseEvent", type="mouse" + kind, x=box["left"] + fraction * box["width"], y=y,
                         button="none" if kind == "Moved" and fraction == start else "left", clickCount=1)

    def download(self, selector):
        """The file that a button gives, once it is whole."""
        if self.download_count % DOWNLOADS_AT_ONCE == DOWNLOADS_AT_ONCE - 1:
            time.sleep(DOWNLOAD_PAUSE_S)
        self.download_count += 1
        before = set(self.downloads.iterdir())
        self.show(selector)
        # By mouse: browsers stop pages that save many files on their own.
        self.driver.find_element("css selector", selector).click()
        ends = time.monotonic() + DOWNLOAD_LIMIT_S
        while time.monotonic() < ends:
            new = set(self.downloads.iterdir()) - before
            # Chromium holds the name with an empty file while it writes another one, which then takes the name.
            if len(new) == 1 and (path := new.pop()).suffix != ".crdownload" and path.stat().st_size > 0:
                return path
            time.sleep(0.02)
        raise AssertionError(f"{selector}: no file after {DOWNLOAD_LIMIT_S} s")


def png_size(path):
    """Width and height of a PNG file; an AssertionError when it is none."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR", f"{path} is no PNG"
    assert content.endswith(b"IEND\xaeB`\x82"), f"{path} is cut short"
    return struct.unpack(">II", content[16:24])
