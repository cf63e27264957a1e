#!/usr/bin/env python3
"""The page at /docs in a real browser: it shows what the document says, runs nothing but its own
script, asks nobody but its own server, and can be used by keyboard, on a phone and in the dark.

docs_page_test.py kit_sample [03_payments]
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "04_chat"))

from chat_test import SKIPPED, Browser, line_of, running  # noqa: E402

ENTER = "\ue007"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class Page:
    """One visit of /docs."""

    def __init__(self, browser: Browser, site: str, anchor: str = "") -> None:
        self.browser = browser
        self.site = site
        self.tab = browser.new_tab(f"{site}/docs{anchor}")
        browser.until("return document.querySelectorAll('.operation').length > 0", "operations")

    def run(self, script: str, *arguments):
        return self.browser.ask("POST", "/execute/sync",
                                {"script": script, "args": list(arguments)})

    def text(self, css: str) -> str:
        return self.run("return [...document.querySelectorAll(arguments[0])]"
                        ".map(each => each.textContent).join('\\n')", css)

    def element(self, css: str) -> str:
        """Once it is there: the page puts itself together piece by piece."""
        self.browser.until(f"return document.querySelector({json.dumps(css)}) !== null", css)
        return self.browser.element(css)

    def keys(self, css: str, text: str) -> None:
        element = self.element(css)
        self.browser.ask("POST", f"/element/{element}/value", {"text": text})

    def click(self, css: str) -> None:
        self.browser.ask("POST", f"/element/{self.element(css)}/click", {})

    def until_text(self, css: str, words: str) -> None:
        self.browser.until(
            f"return [...document.querySelectorAll({json.dumps(css)})]"
            f".some(each => each.textContent.includes({json.dumps(words)}))", words)

    def media(self, **features: str) -> None:
        pairs = [{"name": name.replace("_", "-"), "value": value}
                 for name, value in features.items()]
        self.browser.ask("POST", "/goog/cdp/execute",
                         {"cmd": "Emulation.setEmulatedMedia", "params": {"features": pairs}})

    def width(self, pixels: int) -> None:
        self.browser.ask("POST", "/goog/cdp/execute",
                         {"cmd": "Emulation.setDeviceMetricsOverride",
                          "params": {"width": pixels, "height": 740, "deviceScaleFactor": 1,
                                     "mobile": True}})

    def open_all(self) -> None:
        """Everything on the page, also what opens inside of what is opened, to some depth."""
        for _ in range(4):
            self.run("document.querySelectorAll('details')"
                     ".forEach(each => { each.open = true; if (each.fill) each.fill(); })")

    def close(self) -> None:
        """Says what went wrong in the meantime, and whom the page asked."""
        names = self.run("return performance.getEntriesByType('resource').map(each => each.name)")
        strangers = [name for name in names if not name.startswith((self.site, "data:"))]
        expect(not strangers, f"others are asked: {strangers}")
        log = self.browser.ask("POST", "/se/log", {"type": "browser"})
        complaints = [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]
        expect(not complaints, f"the browser complains: {complaints}")
        self.browser.ask("DELETE", "/window")
        self.browser.show(self.browser.ask("GET", "/window/handles")[0])


def expect(claim: bool, what: str) -> None:
    if not claim:
        raise SystemExit(what)


def document_of(site: str) -> dict:
    with urllib.request.urlopen(site + "/openapi.json", timeout=30) as answer:
        return json.load(answer)


def shows_everything(page: Page) -> None:
    """All that the document has, by its own words."""
    document = document_of(page.site)
    page.open_all()
    operations = [(path, method, what) for path, item in document["paths"].items()
                  for method, what in item.items() if method in METHODS]
    summaries = page.text(".operation > summary")
    for path, method, what in operations:
        expect(f"{method.upper()}{path} {what.get('summary', '')}" in summaries, f"no {path}")
        shown = page.text(f"[id='{what['operationId']}']")
        for each in what.get("parameters", []):
            expect(each["name"] in shown, f"{path} is shown without {each['name']}")
        for status in what["responses"]:
            expect(status in page.text(f"[id='{what['operationId']}'] .answer strong"),
                   f"{path} is shown without {status}")
        for media in what.get("requestBody", {}).get("content", {}):
            expect(media in shown, f"{path} is shown without {media}")
        expect("curl " in page.text(f"[id='{what['operationId']}'] .curl"), f"no curl of {path}")
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        shown = page.text(f"[id='schema-{name}']")
        for member in schema.get("properties", {}):
            expect(member in shown, f"{name} is shown without {member}")
    expect(document["info"]["title"] in page.text("h1"), "no title")


def fits(page: Page) -> None:
    """On a phone with everything open, nothing stands out at the side; and the night is dark."""
    page.width(360)
    wide = page.run("return document.documentElement.scrollWidth")
    expect(wide <= 360, f"{wide} pixels wide on a phone of 360")
    page.browser.ask("POST", "/goog/cdp/execute",
                     {"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}})
    colour = "return getComputedStyle(document.body).backgroundColor"
    page.media(prefers_color_scheme="light")
    day = page.run(colour)
    page.media(prefers_color_scheme="dark")
    expect(page.run(colour) != day, f"{day} by day and by night")
    page.media()


def is_used_by_keyboard(browser: Browser, site: str) -> None:
    page = Page(browser, site)
    page.keys("body", "/")
    expect(page.run("return document.activeElement.type") == "search", "/ is for the filter")
    page.keys(".filter", "orders post")
    page.until_text("[role=status]", "1 found")
    shown = page.run("return [...document.querySelectorAll('.operation')]"
                     ".filter(each => each.offsetParent).map(each => each.id)")
    expect(shown == ["post_v1_orders"], f"filtered: {shown}")
    page.keys("#post_v1_orders > summary", ENTER)
    page.until_text("#post_v1_orders h3", "Body")
    page.browser.until("return location.hash === '#post_v1_orders'", "its address")
    page.close()

    linked = Page(browser, site, "#listOrders")
    expect(linked.run("return document.getElementById('listOrders').open"), "the link opens it")
    expect(linked.run("return document.activeElement.parentElement.id") == "listOrders",
           "the keyboard is there")
    linked.close()


def sends(browser: Browser, site: str) -> None:
    page = Page(browser, site, "#listOrders")
    page.keys("#listOrders input[aria-label=limit]", "7")
    page.keys("#listOrders input[aria-label=tag]", "a,b c")
    page.until_text("#listOrders .curl", "curl 'https://example.com/shop/v1/orders?"
                    "limit=7&tag=a&tag=b+c'")
    page.click("#listOrders .send")
    page.until_text("#listOrders .output", "200")
    page.run("location.hash = '#post_v1_orders'")
    page.until_text("#post_v1_orders .curl", "-X POST")
    curl = page.text("#post_v1_orders .curl")
    expect('-H "Authorization: Bearer $TOKEN"' in curl, curl)
    expect("-H 'Content-Type: application/json'" in curl and '"to": "Ann"' in curl, curl)
    page.click("#post_v1_orders .curl + p button")
    page.until_text("#post_v1_orders button", "Copied")
    page.run("location.hash = '#post_v1_files'")
    page.until_text("#post_v1_files .curl", "-F 'photo=@file'")
    page.run("location.hash = '#get_v1_files_rest'")
    page.until_text("#get_v1_files_rest .curl", "/v1/files/text/text'")
    page.close()


def sample(browser: Browser, program: str) -> None:
    with running(program, "--listen", "127.0.0.1:0", "--workers", "1") as server:
        site = f"http://127.0.0.1:{line_of(server, r'listening on (?:port |[^ ]*:)([0-9]+)')[1]}"
        page = Page(browser, site)
        shows_everything(page)
        fits(page)
        page.close()
        is_used_by_keyboard(browser, site)
        sends(browser, site)


def pays(browser: Browser, site: str, token: str) -> None:
    """A payment from the page: the token typed once, the example as it is."""
    page = Page(browser, site, "#post_payments")
    page.click(".credentials > summary")
    page.keys("input[aria-label=token]", token)
    page.click("#post_payments .send")
    page.until_text("#post_payments .output", "201")
    expect(token not in page.text(".curl"), "the token is in what is copied")
    page.close()


def payments(browser: Browser, program: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        secret = pathlib.Path(folder, "secret")
        secret.write_text(f"hex:{secrets.token_hex(32)}\n", encoding="ascii")
        os.environ |= {"PAYMENTS_SECRET_FILE": str(secret), "PAYMENTS_PLAIN_HTTP": "1",
                       "PAYMENTS_DATABASE": str(pathlib.Path(folder, "payments.db"))}
        token = subprocess.run([program, "token", "ada", "customer"], check=True, text=True,
                               capture_output=True).stdout.strip()
        with running(program, "--listen", "127.0.0.1:0", "--workers", "1") as server:
            port = line_of(server, r"listening on (?:port |[^ ]*:)([0-9]+)")[1]
            site = f"http://127.0.0.1:{port}"
            page = Page(browser, site)
            shows_everything(page)
            fits(page)
            page.close()
            pays(browser, site, token)


def main(programs: list[str]) -> int:
    binary = shutil.which("chromium")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        print("no chromium and chromedriver here: skipped")
        return SKIPPED
    with running(driver, "--port=0") as driving:
        control = line_of(driving, r"started successfully on port (\d+)")[1]
        browser = Browser(f"http://127.0.0.1:{control}", binary)
        try:
            sample(browser, programs[0])
            if len(programs) > 1 and programs[1]:
                payments(browser, programs[1])
        finally:
            browser.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
