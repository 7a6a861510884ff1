"""The login of the page: a cookie in the place of the key, for reading, and for the forms that were made for it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.http import admission
from service.keys.issuing import Issued
from service.keys.logins import SECONDS
from service.keys.scopes import ADMIN, CLAIMS_WRITE, FEED_READ, STATE_READ
from service.settings import Settings
from tests.http import examples
from tests.http.conftest import NewService, Service, refused, surroundings_of
from tests.http.test_pages_recording import ARTICLE
from tests.keyed import issued, revoke

COOKIE, VISIT = "frenemies", "frenemies-visit"
FIELD = re.compile('<input type="hidden" name="mark" value="([0-9a-f]{64})">')
PAGES = ("/", "/entity/red-hat", "/relation/owns/a/b", "/claim/a-1", "/changes", "/beliefs", "/frenemies", "/record")
"""Some of the pages; without a login they look at nothing."""


@pytest.fixture(scope="module")
def guarded(new_service: NewService) -> Iterator[Service]:
    """A service that wants a key."""
    with new_service(feed_port=8_001, feed_secret="s" * 64, admin_key="admin", rate_wrong_keys=0) as service:
        admin = {"Authorization": "Bearer admin"}
        for name in examples.COMPANIES:
            service.put(f"/v1/entities/{name}", examples.registration(name=name), **admin)
        service.catch_up()
        yield service


def url_of(service: Service) -> str:
    return surroundings_of(service).settings.database_url or ""


class Browser:
    """Keeps cookies, follows no link by itself, and says what browsers say of who makes them ask."""

    def __init__(self, service: Service, base: str = "http://localhost") -> None:
        self._client: FlaskClient = service.app.test_client()
        self._base = base

    def open(self, path: str, method: str = "GET", site: str = "same-origin", **more: object) -> TestResponse:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"} | dict(more.pop("headers", {}))  # type: ignore[call-overload]
        return self._client.open(path, method=method, headers=headers, base_url=self._base, **more)  # type: ignore[arg-type]

    def fetch(self, path: str, method: str = "GET", site: str = "same-origin", **more: object) -> TestResponse:
        """What a script asks for."""
        return self.open(path, method, site, headers={"Sec-Fetch-Mode": "cors"}, **more)

    def log_in(self, key: str, path: str = "/login") -> TestResponse:
        mark = mark_in(self.open(path))
        return self.open(path, "POST", data={"key": key, "mark": mark})

    def cookie(self, name: str = COOKIE) -> str | None:
        found = self._client.get_cookie(name)
        return None if found is None else found.value

    def set_cookie(self, value: str, name: str = COOKIE) -> None:
        self._client.set_cookie(name, value)

    def send_form(self, path: str, site: str = "same-origin", **changed: str) -> TestResponse:
        """A form as it was made for this browser, but for what was changed."""
        given = ARTICLE | {"mark": mark_in(self.open("/record"))} | changed
        return self.open(path, "POST", site, data=given)


def mark_in(answer: TestResponse) -> str:
    found = FIELD.findall(answer.text)
    assert found and len(set(found)) == 1, answer.text
    return str(found[0])


def logged_in(service: Service, key: Issued) -> Browser:
    browser = Browser(service)
    answer = browser.log_in(key.secret)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    return browser


@pytest.fixture(scope="module")
def writer(guarded: Service) -> Issued:
    return issued(url_of(guarded), STATE_READ, CLAIMS_WRITE, FEED_READ)


@pytest.mark.parametrize("path", PAGES)
def test_who_opens_a_page_without_a_login_is_asked_for_the_key(guarded: Service, path: str) -> None:
    wanted = f"{path}?center=red%20hat&as_of=2014"
    answer = Browser(guarded).open(wanted)
    assert answer.status_code == 303
    form, _, query = answer.headers["Location"].partition("?")
    assert (form, parse_qs(query)) == ("/login", {"next": [wanted]})


def test_no_browser_is_asked_by_a_dialog(guarded: Service) -> None:
    basic = {"Authorization": "Basic bWU6d3Jvbmc="}
    for path, headers in (("/", basic), ("/v1/periods", {}), ("/v1/feed", {"Accept": "text/event-stream"})):
        answer = guarded.send("GET", path, headers=headers)
        assert (answer.status_code, answer.headers.getlist("WWW-Authenticate")) == (401, ['Bearer realm="frenemies"'])


def test_what_a_script_fetches_is_refused_and_not_a_form(guarded: Service) -> None:
    for path in ("/entity/red-hat", "/record/edtf?text=2014", "/v1/periods"):
        assert Browser(guarded).fetch(path).status_code == 401


def test_the_login_leads_to_the_page_that_was_wanted(guarded: Service, writer: Issued) -> None:
    browser = Browser(guarded)
    asked = browser.open("/entity/red-hat?as_of=2014-11-04").headers["Location"]
    answer = browser.log_in(writer.secret, asked)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/entity/red-hat?as_of=2014-11-04")
    shown = browser.open(answer.headers["Location"])
    assert shown.status_code == 200 and writer.key.name in shown.text
    assert browser.open("/login").headers["Location"] == "/"


@pytest.mark.parametrize(
    "following",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "",
        "/\n/evil.example", " //evil.example", "///evil.example", "javascript:alert(1)", "evil.example",
        "@evil.example", "/login", "/login?next=/login", "/logout", "/a\\b", "/\u00e9", "/%0d: a=b\r\nX: y",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(guarded: Service, writer: Issued, following: str) -> None:
    browser = Browser(guarded)
    mark = mark_in(browser.open("/login", query_string={"next": following}))
    answer = browser.open("/login", "POST", query_string={"next": following}, data={"key": writer.secret, "mark": mark})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_an_address_that_is_too_long_to_come_back_to_is_left_out(guarded: Service) -> None:
    answer = Browser(guarded).open(f"/?center={'%20' * 2_600}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_the_cookie_is_for_no_script_and_ends_after_twelve_hours(guarded: Service, writer: Issued) -> None:
    told = Browser(guarded).log_in(writer.secret).headers.getlist("Set-Cookie")
    login = SimpleCookie(next(one for one in told if one.startswith(f"{COOKIE}=")))[COOKIE]
    assert login["httponly"] and not login["secure"] and not login["domain"]
    assert (login["samesite"], login["path"], login["max-age"]) == ("Lax", "/", str(SECONDS))


def test_by_tls_no_other_host_can_set_the_cookie(guarded: Service, writer: Issued) -> None:
    told = Browser(guarded, "https://frenemies.example").log_in(writer.secret).headers.getlist("Set-Cookie")
    assert any(one.startswith(f"__Host-{COOKIE}=") for one in told)
    assert all("Secure" in one and "Path=/" in one and "Domain" not in one for one in told)


def test_where_it_is_set_the_cookie_is_for_tls_whatever_the_request_says(new_service: NewService) -> None:
    with new_service(admin_key="key", secure_cookies=True) as service:
        told = service.send("GET", "/login").headers["Set-Cookie"]
        assert told.startswith(f"__Host-{VISIT}=") and "Secure" in told


def test_services_on_other_ports_of_a_machine_have_cookies_of_their_own(guarded: Service, writer: Issued) -> None:
    browser = Browser(guarded, "http://localhost:8123")
    browser.log_in(writer.secret)
    assert browser.cookie(f"{COOKIE}-8123") and browser.cookie() is None
    assert browser.open("/").status_code == 200


def test_the_key_is_in_no_page_address_cookie_or_line_of_the_log(
    guarded: Service, writer: Issued, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = Browser(guarded)
    answers = [browser.log_in(writer.secret), browser.open("/"), browser.open("/record")]
    other = Browser(guarded)
    answers += [other.open("/login"), other.log_in(writer.secret + "x")]
    assert answers[-1].status_code == 401
    said = "".join(capfd.readouterr()) + caplog.text
    for answer in answers:
        said += answer.text + str(answer.headers)
    assert writer.secret not in said and writer.secret.rpartition("_")[2] not in said


@pytest.mark.parametrize("key", ["", "wrong", "frn_aaaaaaaaaa_" + "A" * 43, "\u00e9\U0001f600", "x" * 5_000])
def test_a_wrong_key_is_refused_in_the_form(guarded: Service, key: str) -> None:
    browser = Browser(guarded)
    answer = browser.log_in(key)
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert 'role="alert"' in answer.text and mark_in(answer) and browser.cookie() is None
    assert browser.open("/").status_code == 303


def test_a_form_that_is_too_large_is_refused_before_it_is_looked_at(guarded: Service) -> None:
    assert Browser(guarded).log_in("x" * 20_000).status_code == 413


def test_a_key_that_may_read_no_state_opens_no_page(guarded: Service) -> None:
    browser = Browser(guarded)
    answer = browser.log_in(issued(url_of(guarded), FEED_READ).secret)
    assert answer.status_code == 403 and STATE_READ in answer.text and browser.cookie() is None


def test_a_revoked_key_ends_its_logins(new_service: NewService) -> None:
    with new_service() as service:
        key = issued(url_of(service), STATE_READ)
        browser = logged_in(service, key)
        assert browser.open("/").status_code == 200
        revoke(url_of(service), key)
        forget_keys(service)
        assert browser.open("/").status_code == 303
        assert browser.fetch("/v1/periods").status_code == 401
        assert "Your login is over" in browser.open("/login").text


def forget_keys(service: Service) -> None:
    """As after two seconds."""
    surroundings_of(service).door._keyring._known.clear()


def test_a_login_that_is_over_counts_no_more(guarded: Service, writer: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = logged_in(guarded, writer)
    now = admission.time.time()
    monkeypatch.setattr(admission.time, "time", lambda: now + SECONDS + 2)
    assert browser.open("/").status_code == 303


def test_a_login_that_was_changed_or_made_elsewhere_is_none(guarded: Service, writer: Issued) -> None:
    login = logged_in(guarded, writer).cookie() or ""
    expires, name, nonce, signed = login.split(".")
    for wrong in (
        "", "x", login[:-1], login + "0", f"{int(expires) + 1}.{name}.{nonce}.{signed}",
        f"{expires}.admin.{nonce}.{signed}", f"{expires}.local.{nonce}.{signed}", writer.secret, name,
    ):  # fmt: skip
        browser = Browser(guarded)
        browser.set_cookie(wrong)
        assert browser.open("/").status_code == 303, wrong
        assert browser.fetch("/v1/periods").status_code == 401, wrong


def test_another_key_in_the_settings_ends_the_logins_of_the_one_before(new_service: NewService) -> None:
    secret = "s" * 64
    with new_service(admin_key="one", login_secret=secret) as service:
        browser = Browser(service)
        browser.log_in("one")
        login = browser.cookie() or ""
        assert browser.open("/").status_code == 200
    for key, status in (("one", 200), ("two", 303)):
        with new_service(admin_key=key, login_secret=secret) as service:
            browser = Browser(service)
            browser.set_cookie(login)
            assert browser.open("/").status_code == status


# what a login lets do


def test_a_login_lets_the_scripts_of_the_page_read(guarded: Service, writer: Issued) -> None:
    browser = logged_in(guarded, writer)
    assert browser.fetch("/v1/periods").status_code == 200
    assert browser.open("/v1/periods", site="none").status_code == 200
    assert browser.fetch("/v1/periods", "HEAD").status_code == 200
    stream = browser.open("/v1/feed", headers={"Accept": "text/event-stream", "Sec-Fetch-Mode": "cors"})
    assert stream.status_code == 307 and f".{writer.key.id}." in stream.headers["Location"]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
def test_a_login_lets_no_other_site_read(guarded: Service, writer: Issued, site: str) -> None:
    browser = logged_in(guarded, writer)
    assert browser.fetch("/v1/periods", site=site).status_code == 401
    assert browser.open("/v1/periods", site=site).status_code == 401
    plain = {"Origin": "https://evil.example"}
    client = guarded.app.test_client()
    client.set_cookie(COOKIE, browser.cookie() or "")
    assert client.get("/v1/periods", headers=plain).status_code == 401
    assert client.get("/v1/periods").status_code == 200, "a browser that says nothing has sent the cookie for our page"


def test_a_link_from_elsewhere_opens_a_page(guarded: Service, writer: Issued) -> None:
    assert logged_in(guarded, writer).open("/entity/red-hat", site="cross-site").status_code == 200


def test_a_login_never_lets_write_to_the_api(guarded: Service, writer: Issued) -> None:
    browser = logged_in(guarded, writer)
    rules = [rule for rule in guarded.app.url_map.iter_rules() if rule.rule.startswith("/v1/")]
    asked = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    assert len(asked) > 15
    with guarded.nothing_recorded():
        for method, rule in sorted(asked):
            answer = browser.fetch(re.sub("<[^>]+>", "a", rule), method, json={})
            refused(answer, 401, "not-authorized")


def test_a_header_counts_more_than_a_login(guarded: Service, writer: Issued) -> None:
    browser = logged_in(guarded, writer)
    assert browser.open("/", headers={"Authorization": "Bearer wrong"}).status_code == 401


# forms


def test_a_form_of_the_login_records(guarded: Service, writer: Issued) -> None:
    guarded.catch_up()
    answer = logged_in(guarded, writer).send_form("/record", **{"/url": "https://example.org/login-1"})
    assert answer.status_code == 303 and "/record/claim" in answer.headers["Location"]


def test_every_form_wants_the_mark_of_the_login(guarded: Service) -> None:
    operator = issued(url_of(guarded), ADMIN)
    browser, other = logged_in(guarded, operator), logged_in(guarded, operator)
    foreign, visit = mark_in(other.open("/record")), mark_in(Browser(guarded).open("/login"))
    forms = [rule.rule for rule in guarded.app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    forms = [rule for rule in forms if not rule.startswith("/v1/") and rule != "/login"]
    assert len(forms) > 6
    with guarded.nothing_recorded():
        for form in forms:
            for mark in ("", foreign, visit, "x", "\u00e9", browser.cookie() or ""):
                answer = browser.open(form, "POST", data=ARTICLE | {"mark": mark})
                assert answer.status_code == 403 and "another login" in html.unescape(answer.text), (form, mark)
            assert browser.open(form, "POST", data=ARTICLE).status_code == 403
            assert browser.open(form, "POST", json={"mark": "x"}).status_code in (403, 415)
    assert browser.open("/").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site_is_refused_even_with_the_mark(guarded: Service, writer: Issued, site: str) -> None:
    browser = logged_in(guarded, writer)
    with guarded.nothing_recorded():
        assert browser.send_form("/record", site).status_code == 403
    assert browser.open("/logout", "POST", site, data={"mark": mark_in(browser.open("/record"))}).status_code == 403


def test_nobody_is_logged_in_with_a_key_of_somebody_else(guarded: Service, writer: Issued) -> None:
    browser, other = Browser(guarded), Browser(guarded)
    mine, theirs = mark_in(browser.open("/login")), mark_in(other.open("/login"))
    for mark, site in ((theirs, "same-origin"), ("", "same-origin"), (mine, "cross-site"), (mine, "same-site")):
        answer = browser.open("/login", "POST", site, data={"key": writer.secret, "mark": mark})
        assert answer.status_code == 403 and browser.cookie() is None
    fresh = Browser(guarded)
    assert fresh.open("/login", "POST", data={"key": writer.secret, "mark": mine}).status_code == 403
    assert browser.open("/login", "POST", data={"key": writer.secret, "mark": mine}).status_code == 303


def test_two_forms_for_the_key_in_one_browser_are_both_good(guarded: Service, writer: Issued) -> None:
    browser = Browser(guarded)
    first = mark_in(browser.open("/login"))
    browser.open("/login?next=/changes")
    assert browser.open("/login", "POST", data={"key": writer.secret, "mark": first}).status_code == 303


def test_who_shows_the_key_itself_needs_no_mark(guarded: Service, writer: Issued) -> None:
    given = ARTICLE | {"/url": "https://example.org/login-2"}
    answer = guarded.send("POST", "/record", data=given, headers={"Authorization": f"Bearer {writer.secret}"})
    assert answer.status_code == 303


# leaving


def test_who_leaves_is_asked_for_the_key_again(guarded: Service, writer: Issued) -> None:
    browser = logged_in(guarded, writer)
    answer = browser.open("/logout", "POST", data={"mark": mark_in(browser.open("/changes"))})
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/login")
    assert browser.cookie() is None and browser.open("/").status_code == 303
    assert browser.open("/logout", "POST").status_code == 303, "leaving twice does no harm"
    assert logged_in(guarded, writer).open("/logout").status_code == 405


# what is shown


def test_the_page_says_who_reads_and_offers_to_leave(guarded: Service, writer: Issued) -> None:
    text = logged_in(guarded, writer).open("/entity/red-hat").text
    assert f"<span>{writer.key.name}</span>" in text and "<button>Leave</button>" in text
    shown = guarded.send("GET", "/entity/red-hat", headers={"Authorization": f"Bearer {writer.secret}"}).text
    assert f"<span>{writer.key.name}</span>" in shown and "Leave" not in shown


def test_what_a_key_may_not_do_is_not_offered(guarded: Service, writer: Issued) -> None:
    claim = guarded.send("POST", "/v1/articles", json=examples.article(), headers=bearer(writer)).json
    made = guarded.send("POST", "/v1/claims", json=examples.claim(article=claim["id"]), headers=bearer(writer)).json
    guarded.catch_up()
    reader = logged_in(guarded, issued(url_of(guarded), STATE_READ))
    both = logged_in(guarded, writer)
    for path in ("/", f"/claim/{made['id']}", f"/article/{claim['id']}"):
        assert "/record" not in reader.open(path).text and "/record" in both.open(path).text, path
    assert "may read, and not record" in reader.open(f"/claim/{made['id']}").text
    told = reader.open("/record")
    assert told.status_code == 403 and CLAIMS_WRITE in told.text and "<textarea" not in told.text


def bearer(key: Issued) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def test_where_no_key_is_needed_there_is_no_login(new_service: NewService) -> None:
    with new_service() as service:
        browser = Browser(service)
        assert browser.open("/login?next=/changes").headers["Location"] == "/changes"
        shown = browser.open("/")
        assert shown.status_code == 200 and "Leave" not in shown.text and "mark" not in shown.text.split("<main")[0]
        browser.set_cookie("nonsense")
        assert browser.open("/").status_code == 200


def test_a_follower_lets_log_in_and_record_nothing(new_service: NewService) -> None:
    with new_service(admin_key="key", follow="http://leader.example") as service:
        browser = Browser(service)
        assert browser.log_in("key").status_code == 303
        assert browser.open("/record", "POST", data=ARTICLE).status_code == 403
        assert browser.open("/logout", "POST", data={"mark": mark_in(browser.open("/changes"))}).status_code == 303


def test_wrong_keys_of_the_form_are_counted_with_all_others(new_service: NewService) -> None:
    key = "a-key-that-nobody-finds-by-guessing-it"
    with new_service(admin_key=key, rate_wrong_keys=3) as service:
        browser = Browser(service)
        statuses = [browser.log_in(f"guess {number}").status_code for number in range(4)]
        assert statuses == [401, 401, 401, 429]
        answer = browser.log_in("guess")
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1 and "wrong keys" in answer.text
        refused(service.get("/v1/feed", headers={"Authorization": "Bearer guess"}), 429, "quota-exceeded")
        assert browser.log_in(key).status_code == 303


def test_settings_keep_the_secret_of_logins_to_themselves() -> None:
    assert "canary" not in repr(Settings(login_secret="canary"))
