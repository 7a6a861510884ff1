"""The page in a real Chromium, on the sample served by the program itself.

Without Chromium these tests are skipped, and the end of the run says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect, sync_playwright

from service.cli.demo import load_sample
from service.settings import Settings
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers

NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1440, 900), (390, 844)
READY = "html[data-ready]"

Open = Callable[..., Page]


def chromium() -> str | None:
    """Where the browser is: FRENEMIES_CHROMIUM, or the first by the usual names."""
    found = os.environ.get("FRENEMIES_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return found if found and Path(found).exists() else None


@pytest.hookimpl(tryfirst=True)  # before the groups are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser and one service for all: they run in one process."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; the tests are skipped where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("there is no Chromium: install it (Debian: chromium), or name it in FRENEMIES_CHROMIUM")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=arguments)


@pytest.fixture(scope="session")
def base(servers: Servers, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """The address of the service with the sample, as `frenemies serve` runs it."""
    url = servers.migrated(18)
    load_sample(Settings(), url)
    folder = tmp_path_factory.mktemp("served")
    environment = {"DATABASE_URL": url, "HOME": str(folder), "FRENEMIES_DATA": str(folder)}
    program = Program(("serve", "--port", "0"), environment, folder / "stderr.log")
    try:
        yield ready(program)
    finally:
        program.end()


@pytest.fixture
def open_page(browser: Browser, base: str) -> Iterator[Open]:
    """Opens an address in a window of its own; an error in a script, or a refusal to load anything, fails the test."""
    with opening(browser, base) as open_address:
        yield open_address


@contextmanager
def opening(
    browser: Browser, base: str, *, script: str = "", key: str | None = None, expected: Container[int] = ()
) -> Iterator[Open]:
    """Opens addresses of a service. `script` runs before those of a page; refusals with a status expected are none.

    With a key it is typed into the form that comes first.
    """
    with ExitStack() as keep:
        troubles: list[str] = []

        def open_address(
            address: str, size: tuple[int, int] = DESKTOP, scheme: str = "light", scripts: bool = True
        ) -> Page:
            context = browser.new_context(
                base_url=base,
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if scheme == "dark" else "light",
                java_script_enabled=scripts,
                reduced_motion="reduce",
            )
            keep.callback(context.close)
            page = context.new_page()
            if script:
                page.add_init_script(script)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda said: troubles.extend(_errors(said)))
            page.on("response", lambda answer: troubles.extend(_missing(answer, expected)))
            page.goto(address)
            if key is not None:
                page.get_by_label("Key").fill(key)
                page.get_by_role("button", name="Log in").click()
                page.wait_for_url(lambda url: "/login" not in url)
            return page

        yield open_address
    assert not troubles


_STEADY = """async (element) => {
    for (let same = 0, before = ""; same < 5; ) {
        await new Promise(requestAnimationFrame);
        const { x, y, width, height } = element.getBoundingClientRect();
        const now = [x, y, width, height].join();
        same = now === before ? same + 1 : 0;
        before = now;
    }
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
}"""


def steady(locator: Locator) -> dict[str, float]:
    """Where something is, once it has stayed there for some frames."""
    found: dict[str, float] = locator.evaluate(_STEADY)
    return found


def _errors(said: ConsoleMessage) -> list[str]:
    """What a console says of errors; of answers that are refusals `_missing` knows more."""
    return [said.text] if said.type == "error" and not said.text.startswith("Failed to load resource") else []


def _missing(answer: Response, expected: Container[int]) -> list[str]:
    """An answer that is a refusal, unless it is the page itself, at which the test looks."""
    is_page = answer.request.resource_type == "document"
    return [] if is_page or answer.status < 400 or answer.status in expected else [f"{answer.status} for {answer.url}"]


def explorer(open_page: Open, address: str = "/", **more: object) -> Page:
    """The explorer, once its scripts have drawn it."""
    page = open_page(address, **more)
    expect(page.locator(READY)).to_be_attached()
    return page
