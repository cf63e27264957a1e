#!/usr/bin/env python3
"""The dashboard's page in a real browser.

dashboard_page_test.py --fixture [--pictures FOLDER]
dashboard_page_test.py --cohort PROGRAM [--pictures FOLDER]
dashboard_page_test.py --readme FILE --cohort build/Release/examples/02_fibonacci/02_fibonacci

The first is the page alone, before tests/kit/dashboard_fixture.mjs: what it says when the stream
breaks, when it needs a token, when numbers are missing and texts are hostile. The second is all of
it: a cohort under traffic, a worker that is killed, one that is drained by a click, one that is
asked for its stacks, told a level and replaced. The third takes the picture of README.md: nothing
on it is made up.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import signal
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from dashboard_cohort import TOKEN, USUAL, VARIED, served  # noqa: E402
from dashboard_looks import CONTRAST, SHIFTS, TARGETS  # noqa: E402
from docs_page_test import SKIPPED, Browser, Page, expect, line_of, running  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
WIDTHS = (360, 768, 1440)
ESCAPE = "\ue00c"


class Dashboard(Page):
    """One visit of the page, and what is asked of it."""

    def __init__(self, browser: Browser, site: str, token: str = "") -> None:
        self.browser = browser
        self.site = site
        self.tab = browser.new_tab(f"{site}/")
        if token:
            self.give_token(token)
        browser.until("return !document.getElementById('main').hidden", "a first state")

    def give_token(self, token: str) -> None:
        self.browser.until("return document.getElementById('token').open", "asks for the token")
        self.keys("#token-text", token)
        self.click("#token-form button")

    def size(self, width: int, height: int) -> None:
        self.browser.ask("POST", "/goog/cdp/execute",
                         {"cmd": "Emulation.setDeviceMetricsOverride",
                          "params": {"width": width, "height": height, "deviceScaleFactor": 1,
                                     "mobile": width < 600}})

    def picture(self, folder: pathlib.Path | None, name: str) -> None:
        """A picture of the whole page, kept with what the test leaves behind."""
        taken = self.browser.ask("POST", "/goog/cdp/execute",
                                 {"cmd": "Page.captureScreenshot",
                                  "params": {"captureBeyondViewport": True}})
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"dashboard_{name}.png").write_bytes(base64.b64decode(taken["data"]))

    def row(self, slot: int) -> str:
        return f"#worker-rows tr[data-slot='{slot}']"

    def states(self) -> list[str]:
        return self.run("return [...document.querySelectorAll('#worker-rows .mark')]"
                        ".map(each => each.textContent)")

    def press(self, css: str) -> None:
        """A click where a person would click, after a look that it is there."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        self.click(css)


def fits_and_reads(page: Dashboard, pictures: pathlib.Path | None) -> None:
    """Every width, by day and by night: nothing stands out, everything can be read and hit."""
    for width in WIDTHS:
        page.size(width, 900)
        for scheme in ("light", "dark"):
            page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
            wide = page.run("return document.documentElement.scrollWidth")
            expect(wide <= width, f"{wide} pixels wide on {width}")
            cut = page.run("return [...document.querySelectorAll('section, .tile')]"
                           ".filter(each => each.scrollWidth > each.clientWidth + 1)"
                           ".map(each => each.textContent.slice(0, 40))")
            expect(not cut, f"wider than their place on {width}: {cut}")
            faint = page.run(CONTRAST)
            expect(not faint, f"{width} {scheme}: too faint: {faint}")
            page.picture(pictures, f"{width}_{scheme}")
        if width == 360:
            small = page.run(TARGETS)
            expect(not small, f"too small to be hit: {small}")
    page.media()
    page.browser.ask("POST", "/goog/cdp/execute",
                     {"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}})


def stays_still(page: Dashboard) -> None:
    """While states come and nobody dies, nothing moves but the numbers."""
    page.run(SHIFTS)
    page.browser.until("return window.statesSeen >= 12", "some states")
    moved = page.run("return window.shifts")
    expect(not moved, f"the page jumps: {moved}")


def escapes_everything(page: Dashboard) -> None:
    expect("<b>not bold</b>" in page.text("#route-rows"), "the route as it is called")
    page.press("#crash-rows button")
    page.until_text("#report-text", "handler.cpp:40")
    expect("<b>not bold</b>" in page.text("#report-text"), "the story as it is")
    expect("payments.1.crash" in page.text("#report-text"), "where all of it lies")
    page.browser.ask("POST", f"/element/{page.browser.element('body')}/value", {"text": ESCAPE})
    page.browser.until("return !document.getElementById('report').open", "Esc closes it")
    expect(page.run("return document.querySelectorAll('b, img').length") == 0, "markup of others")


def tells_of_a_worker(page: Dashboard) -> None:
    """Its log, and of a death that only its file remembers, that file."""
    page.press(f"{page.row(1)} .slot")
    page.until_text("#worker-facts", "upstream gone")
    page.click("#worker-actions button:last-child")
    page.until_text("#report-text", "error gone")
    expect("<b>not bold</b>" in page.text("#report-text"), "lines as they are")
    expect("plain words" in page.text("#report-text"), "lines of anybody")
    page.click("#report button[type=submit]")
    page.click("#worker > form button")
    page.press("#crash-rows button")
    page.until_text("#report-text", "all of worker 2")
    page.click("#report button[type=submit]")


def may_only_look(page: Dashboard) -> None:
    page.until_text("#link", "live")
    page.browser.until("return document.body.classList.contains('looks-only')", "a lesser token")
    seen = page.run("return [...document.querySelectorAll('.orders')]"
                    ".filter(each => each.checkVisibility()).length")
    expect(seen == 0, f"{seen} buttons that would be refused")
    page.run("document.querySelector('#worker-rows .slot').focus()")
    page.keys("#worker-rows .slot:focus", "d")
    page.until_text("#answers", "for looking")


def is_used_by_keyboard(page: Dashboard) -> None:
    page.run("document.activeElement.blur()")
    page.keys("body", "?")
    page.browser.until("return document.getElementById('help').open", "the help")
    page.keys("#help", ESCAPE)
    page.run("document.activeElement.blur()")
    page.keys("body", "j")
    slot = page.run("return document.activeElement.closest('tr')?.dataset.slot")
    expect(slot == "2", f"j comes to the oddest worker, not to {slot}")
    page.keys("#worker-rows .slot:focus", "m")
    page.until_text("#worker-title", "payments.2")
    page.keys("#worker", ESCAPE)
    page.browser.until("return !document.getElementById('worker').open", "closed")
    page.run("document.querySelector('#worker-rows .slot').focus()")
    page.keys("#worker-rows .slot:focus", "d")
    page.browser.until("return document.getElementById('ask').open", "asks before it drains")
    focused = page.run("return document.activeElement.id")
    expect(focused == "ask-no", f"the keyboard is at {focused}: a second key must not hurt")
    page.keys("#ask-no", ESCAPE)
    page.browser.until("return !document.getElementById('ask').open", "not done")
    expect("held" not in page.states(), "nobody was drained")
    page.run("document.activeElement.blur()")


def drains(page: Dashboard, slot: int) -> None:
    """By clicks alone: drained, and resumed."""
    page.press(f"{page.row(slot)} [data-verb=drain]")
    page.browser.until("return document.getElementById('ask').open", "asks first")
    page.click("#ask-yes")
    page.until_text("#answers", "is empty until it is resumed")
    page.until_text(f"{page.row(slot)} .mark", "held")
    page.press(f"{page.row(slot)} [data-verb=resume]")
    page.until_text(f"{page.row(slot)} .mark", "serving")


def looks_into(page: Dashboard, slot: int) -> None:
    """By clicks alone: where its threads are, what it logs from now on, another process for it."""
    pid = f"{page.row(slot)} td:nth-child(3)"
    before = page.text(pid)
    page.press(f"{page.row(slot)} .slot")
    page.browser.until("return document.getElementById('worker').open", "all about it")
    page.click("#worker-actions [data-verb=dump]")
    page.until_text("#report-text", "+0x")
    page.click("#report button[type=submit]")
    page.click("#worker-actions option:nth-child(3)")
    page.click("#worker-actions [data-verb=level]")
    page.until_text("#answers", f"{slot}: debug")
    page.click("#worker-actions [data-verb=restart]")
    page.browser.until("return document.getElementById('ask').open", "asks first")
    page.click("#ask-yes")
    page.until_text("#answers", "serves again, as pid")
    page.browser.until(f"return document.querySelector({json.dumps(pid)}).textContent"
                       f" !== '{before}'", "another process")
    page.until_text(f"{page.row(slot)} .mark", "serving")
    page.click("#worker > form button")


def dies_in_sight(page: Dashboard, slot: int, kill) -> None:
    before = page.text(f"{page.row(slot)} td:nth-child(3)")
    kill(int(before))
    page.browser.until(f"return document.querySelector({json.dumps(page.row(slot))})"
                       f".children[2].textContent !== '{before}'", "another process")
    page.until_text("#events", before)
    page.until_text(f"{page.row(slot)} .trouble", ":")  # when, and of what
    page.until_text(f"{page.row(slot)} .mark", "serving")


def complaints_are_expected(page: Dashboard) -> None:
    """Broken streams and missing tokens are reported by the browser, too: read here, so that
    close() does not see them."""
    for entry in page.browser.ask("POST", "/se/log", {"type": "browser"}):
        loud = entry["level"] in ("SEVERE", "WARNING")
        known = any(words in entry["message"] for words in ("401", "net::ERR_"))
        expect(not loud or known, f"the browser complains: {entry['message']}")


def fixture(browser: Browser, pictures: pathlib.Path | None) -> None:
    with running("node", str(HERE / "dashboard_fixture.mjs"), "--token", TOKEN) as server:
        site = f"http://127.0.0.1:{line_of(server, r'listening on [^ ]*:([0-9]+)')[1]}"

        def make(what: str) -> None:
            with urllib.request.urlopen(f"{site}/fixture/{what}", b"", timeout=30):
                pass

        browser.new_tab(f"{site}/")
        page = Dashboard.__new__(Dashboard)
        page.browser, page.site = browser, site
        page.give_token("not it")
        page.until_text("#token-wrong", "not the token")
        page.give_token(TOKEN)
        browser.until("return !document.getElementById('main').hidden", "a first state")
        complaints_are_expected(page)
        stays_still(page)
        is_used_by_keyboard(page)
        dies_in_sight(page, 1, lambda _: make("kill/1"))
        escapes_everything(page)
        page.until_text("#dropped-words", "some of what happened was dropped")
        page.until_text("#refused-rows", "Wrong credentials")
        page.until_text("#refused-rows", "of a later version")
        expect("Other sites" not in page.text("#refused-rows"), "what never happened is left out")
        fits_and_reads(page, pictures)
        drains(page, 3)
        page.press(f"{page.row(0)} [data-verb=restart]")
        page.click("#ask-yes")
        page.until_text("#answers .bad", "another reload is under way")
        make("forget")
        tells_of_a_worker(page)
        make("hush")
        page.until_text("#link", "old")
        browser.until("return document.body.classList.contains('lost')", "old numbers are marked")
        make("speak")
        page.until_text("#link", "live")
        make("demote")
        make("cut")
        browser.until("return !document.body.classList.contains('lost') && "
                      "document.getElementById('link').textContent === 'live'", "it comes back")
        may_only_look(page)
        make("blank")
        page.until_text("#dropped-words", "nothing was dropped")
        page.until_text("#refused-words", "nobody was refused")
        browser.until("return !document.getElementById('no-routes').hidden", "no routes")
        expect("NaN" not in page.text("body") and "undefined" not in page.text("body"), "words")
        complaints_are_expected(page)
        page.close()


def picture_of_readme(browser: Browser, program: pathlib.Path, into: pathlib.Path) -> None:
    """After a minute; one worker of four was killed a moment ago."""
    with served(program, "payments", 4, VARIED) as site:
        page = Dashboard(browser, site, TOKEN)
        page.size(1440, 900)
        page.media(prefers_color_scheme="light", prefers_reduced_motion="reduce")
        page.until_text("#state", "serving")
        so_far = ("return document.querySelectorAll('path.spark')[1].getAttribute('d')"
                  ".split('L').length > ")
        for seconds in (15, 30, 45, 60):
            browser.until(f"{so_far} {seconds}", "a minute")
        dies_in_sight(page, 1, lambda pid: os.kill(pid, signal.SIGSEGV))
        browser.until(f"{so_far} 75", "some seconds more")
        page.run("scrollTo(0, 0)")
        taken = browser.ask("POST", "/goog/cdp/execute",
                            {"cmd": "Page.captureScreenshot",
                             "params": {"captureBeyondViewport": True}})
        into.write_bytes(base64.b64decode(taken["data"]))


def cohort(browser: Browser, program: pathlib.Path, pictures: pathlib.Path | None) -> None:
    with served(program, "page", 3, USUAL) as site:
        visit(browser, site, pictures)


def visit(browser: Browser, site: str, pictures: pathlib.Path | None) -> None:
    page = Dashboard(browser, site, TOKEN)
    complaints_are_expected(page)
    browser.until("return document.querySelectorAll('#worker-rows tr').length === 3", "3 workers")
    browser.until("return parseFloat(document.querySelectorAll('.tile .value')[1].textContent) > 0",
                  "the traffic")
    page.until_text("#state", "serving")
    dies_in_sight(page, 1, lambda pid: os.kill(pid, signal.SIGSEGV))
    drains(page, 2)
    looks_into(page, 0)
    fits_and_reads(page, pictures)
    page.until_text("#link", "live")
    page.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixture", action="store_true")
    parser.add_argument("--cohort", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver or (options.fixture and not shutil.which("node")):
        print("no chromium, chromedriver or node here: skipped")
        return SKIPPED
    with running(driver, "--port=0") as driving:
        control = line_of(driving, r"started successfully on port (\d+)")[1]
        began = time.monotonic()
        browser = Browser(f"http://127.0.0.1:{control}", binary)
        try:
            if options.fixture:
                fixture(browser, options.pictures)
            elif options.readme:
                picture_of_readme(browser, options.cohort.resolve(), options.readme)
            else:
                cohort(browser, options.cohort.resolve(), options.pictures)
        finally:
            browser.end()
        print(f"{time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
