"""An invoice as a piece of an HTML page: escaped, without a script, with known links only."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qpaykit import Invoice

SAMPLE = Path(__file__).parent.parent / "samples" / "invoice-create-1.json"
TEXT = "0002010102121531279404962794049600022310027138152045734530349654031005802MN"


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def attributes(self, tag: str, name: str) -> list[str]:
        return [str(attrs[name]) for found, attrs in self.found if found == tag and name in attrs]


def recorded() -> Invoice:
    return Invoice.model_validate_json(SAMPLE.read_text())


@pytest.mark.parametrize(("lang", "word"), [("mn", "Эсвэл аппаа"), ("en", "Or choose your app")])
def test_it_has_the_qr_code_and_a_button_for_each_bank(lang: str, word: str) -> None:
    page = recorded().to_html(lang)  # type: ignore[arg-type]
    elements = Elements(page)
    assert word in page
    assert elements.attributes("img", "src")[0].startswith("data:image/png;base64,iVBOR")
    assert len(elements.attributes("a", "href")) == len(recorded().urls) == 10
    assert all("alt" in attrs for tag, attrs in elements.found if tag == "img")


def test_it_has_no_script_and_no_address_but_the_logos() -> None:
    elements = Elements(recorded().to_html())
    assert "script" not in {tag for tag, _ in elements.found}
    addresses = re.findall(r"https?://[^\"]+", recorded().to_html())
    assert addresses == elements.attributes("img", "src")[1:]
    assert re.findall(r"https?://", recorded().to_html(logos=False)) == []


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,x",
        "https://elsewhere.test/",
        "vbscript:x",
        "http://[bad",
        "",
    ],
)
def test_a_link_of_an_unknown_scheme_makes_no_button(link: str) -> None:
    urls = [{"name": "Bank", "link": link}, {"name": "Khan", "link": "khanbank://q?a=1"}]
    invoice = Invoice.model_validate({"qr_text": TEXT, "urls": urls})
    assert Elements(invoice.to_html()).attributes("a", "href") == ["khanbank://q?a=1"]


def test_everything_is_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    url = {
        "name": evil,
        "description": evil,
        "link": f"khanbank://{evil}",
        "logo": f"https://{evil}",
    }
    page = Invoice.model_validate({"qr_text": TEXT, "urls": [url]}).to_html()
    assert "<script" not in page
    assert [tag for tag, _ in Elements(page).found].count("script") == 0


def test_a_logo_that_is_no_https_address_is_left_out() -> None:
    url = {"name": "Khan", "link": "khanbank://q", "logo": "javascript:alert(1)"}
    page = Invoice.model_validate({"qr_text": TEXT, "urls": [url]}).to_html()
    assert "javascript" not in page


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="mn"):
        recorded().to_html("fr")  # type: ignore[arg-type]


def test_the_qr_code_is_an_svg_element_too() -> None:
    svg = recorded().qr_svg()
    assert svg.startswith("<svg")
    assert "script" not in svg
    with pytest.raises(ValueError, match="no QR text"):
        Invoice.model_validate({"invoice_id": "i-1"}).qr_svg()


def test_a_repr_fits_on_a_screen() -> None:
    assert len(repr(recorded())) < 1000
    assert "10 in all" in repr(recorded())
