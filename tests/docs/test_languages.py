"""The Mongolian texts tell the same story: their code is that of the English ones."""

from __future__ import annotations

import ast
import re

import pytest
from project_address import current
from site_pages import configuration, entries

from docs.blocks import MONGOLIAN, ROOT, Block, blocks

CYRILLIC = re.compile("[А-Яа-яЁёӨөҮү]")
ITEM = r"^ *(?:[-*]|\d+\.) "
SHARED = {"python", "console", "json", "ini", "nginx", "toml", "yaml"}
WRITTEN = sorted(page for page in MONGOLIAN if (ROOT / page).exists())
MONGOLIAN_PAGES = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/mn/*.md"))]
GLOSSARY = (ROOT / "docs/mn/glossary.md").read_text(encoding="utf-8")
# The third column of the glossary.
AVOIDED = [
    word
    for cell in re.findall(r"^\| .+ \| .+ \| (.*)\|$", GLOSSARY, re.MULTILINE)
    for word in cell.strip().split(", ")
    if word and not word.startswith("ингэж")
]


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Return a page's text without its code."""
    return re.sub(r"```.*?```|`[^`\n]+`|<!--.*?-->", "", text, flags=re.DOTALL)


def levels(page: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text(page)), re.MULTILINE)]


def sections(page: str) -> list[tuple[int, int]]:
    """Return how many paragraphs and how many items of lists each section has."""
    found = re.split("^#+ .*", prose(text(page)), flags=re.MULTILINE)[1:]
    return [(len(paragraphs(part)), len(re.findall(ITEM, part, re.MULTILINE))) for part in found]


def paragraphs(section: str) -> list[str]:
    """Return the paragraphs of a section, without its tables and the badges of the README."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", section)]
    return [part for part in parts if part and not part.startswith(("|", "[!["))]


def tables(page: str) -> list[int]:
    """Return how many rows each table has."""
    rows = re.findall(r"(?:^\|.*\n)+", prose(text(page)) + "\n", re.MULTILINE)
    # The start page in Mongolian also names the glossary, which English has no need of.
    return [sum("glossary.md" not in row for row in table.splitlines()) for table in rows]


def code(page: str) -> list[Block]:
    return [block for block in blocks(page) if block.language in SHARED]


@pytest.mark.parametrize("page", MONGOLIAN)
def test_a_text_that_is_promised_in_mongolian_is_there(page: str) -> None:
    assert (ROOT / page).exists()


def test_the_navigation_has_the_pages_in_the_order_of_the_english_one() -> None:
    ours, theirs = (
        [name for _, name in entries(configuration(language)["nav"])] for language in ("mn", "en")
    )
    assert [name for name in ours if name in theirs] == [name for name in theirs if name in ours]


@pytest.mark.parametrize("page", WRITTEN)
def test_its_text_is_mongolian(page: str) -> None:
    figures = r"<!-- figures -->.*<!-- /figures -->"
    letters = re.findall(r"\w", prose(re.sub(figures, "", text(page), flags=re.DOTALL)))
    assert sum(bool(CYRILLIC.match(letter)) for letter in letters) > len(letters) / 3


@pytest.mark.parametrize("page", WRITTEN)
def test_its_headings_correspond_to_the_english_page(page: str) -> None:
    assert levels(page) == levels(MONGOLIAN[page])


@pytest.mark.parametrize("page", ["README.mn.md", *MONGOLIAN_PAGES])
def test_it_links_to_a_page_in_mongolian_where_there_is_one(page: str) -> None:
    english = rf"\]\((?:\.\./|{re.escape(current().site)})([\w-]+)\.(?:md|html)"
    names = set(re.findall(english, text(page)))
    assert not {name for name in names if (ROOT / f"docs/mn/{name}.md").exists()}


@pytest.mark.parametrize("page", WRITTEN)
def test_its_sections_have_every_paragraph_and_item_of_the_english_page(page: str) -> None:
    ours, theirs = sections(page), sections(MONGOLIAN[page])
    assert not [
        (number, own, twin)
        for number, (own, twin) in enumerate(zip(ours, theirs, strict=True), 1)
        if own[0] < twin[0] or own[1] < twin[1]
    ]


@pytest.mark.parametrize("page", WRITTEN)
def test_its_tables_have_the_rows_of_the_english_page(page: str) -> None:
    assert tables(page) == tables(MONGOLIAN[page])


@pytest.mark.parametrize("page", ["README.mn.md", *MONGOLIAN_PAGES])
def test_it_keeps_to_the_glossary(page: str) -> None:
    if page.endswith("glossary.md"):
        return
    words = prose(text(page)).lower()
    assert not [word for word in AVOIDED if re.search(rf"\b{word}", words)]


def test_the_glossary_names_words_to_avoid() -> None:
    assert len(AVOIDED) > 10


@pytest.mark.parametrize("page", WRITTEN)
def test_its_code_is_that_of_the_english_page(page: str) -> None:
    ours, theirs = code(page), code(MONGOLIAN[page])
    for one, other in zip(ours, theirs, strict=False):
        assert one.language == other.language, f"{one} is not {other}"
        assert same(one, other), f"{one} is not {other}"
    assert len(ours) == len(theirs), f"{page} has {len(ours)} blocks, its twin {len(theirs)}"


def same(one: Block, other: Block) -> bool:
    """Say whether two blocks do the same: comments and what is told to people may differ."""
    if one.language == "console":
        return typed(one.text) == typed(other.text)
    if one.language != "python":
        return without_comments(one.text) == without_comments(other.text)
    return shape(one.text) == shape(other.text, told_in=one.text)


def without_comments(text: str) -> list[str]:
    return [re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in text.splitlines()]


def typed(text: str) -> list[str]:
    """Return the commands of a block; what they answer is in the page's language."""
    # A command that ends with a backslash goes on in the next line.
    return [line for line in without_comments(text.replace("\\\n", " ")) if line[:2] == "$ "]


def shape(text: str, told_in: str | None = None) -> str:
    """Return what a block of Python does, without the texts that are Mongolian in the twin."""
    tree = ast.parse(text)
    texts = strings(tree)
    twins = strings(ast.parse(told_in)) if told_in is not None else texts
    for mine, twin in zip(texts, twins, strict=False):
        if CYRILLIC.search(str(twin.value)):
            mine.value = "told to people"
    return ast.dump(tree)


def strings(tree: ast.AST) -> list[ast.Constant]:
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def block(text: str, language: str = "python") -> Block:
    return Block("page.md", 1, language, text, None)


@pytest.mark.parametrize(
    ("mongolian", "english"),
    [
        ('print("төлсөн")  # за', 'print("paid")  # well'),
        ("print(f'төлсөн {x}', 'PAID')", "print(f'paid {x}', 'PAID')"),
        ("x = 1", "x = 1  # one"),
    ],
)
def test_words_for_people_may_differ(mongolian: str, english: str) -> None:
    assert same(block(mongolian), block(english))


@pytest.mark.parametrize(
    ("mongolian", "english"),
    [
        ("print(1)", "print(2)"),
        ('print("PAID")', 'print("NEW")'),
        ("client.refund(x)", "client.cancel(x)"),
        ('print("төлсөн")', 'print("paid", 1)'),
        ('print("төлсөн")', "print(x)"),
    ],
)
def test_code_may_not_differ(mongolian: str, english: str) -> None:
    assert not same(block(mongolian), block(english))


def test_commands_may_not_differ_but_for_their_comments() -> None:
    assert same(block("$ make x  # хий", "console"), block("$ make x  # do", "console"))
    assert not same(block("$ make x", "console"), block("$ make y", "console"))


def test_what_a_command_answers_may_differ() -> None:
    assert same(block("$ pay 42\nтөлсөн", "console"), block("$ pay 42\npaid", "console"))
