"""The documents keep to the truth: what they link to, name and tell to type exists."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from inference.__main__ import main
from worklist.jobs.states import JOB_MOVES, MOVES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: A record of its day: modules and commands in it have other names now.
HISTORY = ROOT / "docs/figures/history"
CURRENT = [page for page in PAGES if HISTORY not in page.parents]
CODE_FOLDERS = ("accounts", "config", "inference", "reader", "runner", "static/src", "templates", "tests", "worklist")
#: Announced in the documents with their contract, and not built yet.
PLANNED = ("delivery/",)

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`([^`\n]+)`", re.DOTALL)
PATH = re.compile(rf"(?:{'|'.join((*CODE_FOLDERS, 'docs', 'static', 'delivery'))})/[\w./-]*")
#: As the tables of the engine's stages name modules: below `inference/`, without the ending.
MODULE_PATH = re.compile(r"[a-z_]+/[a-z_]+")
DOTTED = re.compile(r"(?:accounts|config|inference|reader|runner|worklist)(?:\.\w+)+")
ENTITY = re.compile(r"^    (\w+) \{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links(page: Path) -> Iterator[str]:
    """Relative ones, code left out."""
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if not re.match(r"[a-z]+:", target):
            yield target


def spans(page: Path) -> list[str]:
    """What stands in backticks within a line."""
    return [match[1] for match in CODE.finditer(page.read_text()) if match[1]]


def lines_of_code(page: Path) -> list[str]:
    """Lines of code blocks without their comments, and what stands in backticks."""
    blocks = re.findall(r"```([\w ]*)\n(.*?)```", page.read_text(), re.DOTALL)
    typed = [line for kind, block in blocks if kind in {"", "sh"} for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in typed] + spans(page)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def is_there(path: str) -> bool:
    """A part in capitals stands for a name of the user's: what is before it must be there."""
    path = re.split(r"/[A-Z]+(?:/|$)", path)[0]
    below = [ROOT, ROOT / "inference"]
    return any((folder / f"{path.rstrip('/')}{ending}").exists() for folder in below for ending in ("", ".py"))


def is_defined(dotted: str) -> bool:
    """Whether a module of this name exists, or one that holds the rest of the name."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        module = ROOT.joinpath(*parts[:length])
        rest = parts[length:]
        files = [module.with_suffix(".py"), module / "__init__.py"]
        for file in (file for file in files if file.is_file()):
            return not rest or re.search(rf"\b{rest[0]}\b", file.read_text()) is not None
        if module.is_dir() and not rest:
            return True
    return False


# --- links and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        targets += [target / "README.md" for target in targets if target.is_dir()]
        waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert [name_of(page) for page in PAGES if (ROOT / "docs") in page.parents and page not in reached] == []


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_path_in_backticks_exists(page: Path) -> None:
    named = [
        span
        for span in spans(page)
        if (PATH.fullmatch(span) or MODULE_PATH.fullmatch(span)) and not span.startswith(PLANNED)
    ]
    assert [span for span in named if not is_there(span) and not (page.parent / span).exists()] == []


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_module_and_function_with_a_dotted_name_exists(page: Path) -> None:
    named = [span.removesuffix("()").split("(")[0] for span in spans(page)]
    assert [name for name in named if DOTTED.fullmatch(name) and not is_there(name) and not is_defined(name)] == []


def test_every_document_that_the_code_names_exists() -> None:
    files = [
        file
        for folder in CODE_FOLDERS
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".js", ".html", ".toml", ".json"} and file.stat().st_size < 1_000_000
    ]
    named = {(file, name) for file in files for name in re.findall(r"docs/[\w./-]*\w", file.read_text())}
    missing = [(name_of(file), name) for file, name in named if not (ROOT / name).exists()]
    assert [one for one in missing if not list((ROOT / one[1]).parent.glob(f"{Path(one[1]).name}-*.md"))] == []


@cache
def _sources() -> str:
    return "".join(file.read_text() for folder in CODE_FOLDERS for file in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_environment_variable_is_read_by_the_code(page: Path) -> None:
    named = set(re.findall(r"\bDEEPSPINE_\w+", page.read_text()))
    assert {name for name in named if f'"{name}"' not in _sources()} == set()


# --- commands -------------------------------------------------------------------------------------


def engine_commands(page: Path) -> list[str]:
    """What follows ``python -m inference``; also ``evaluate X`` and ``train X`` alone in backticks."""
    lines = lines_of_code(page)
    named = [line.split("-m inference ", 1)[1] for line in lines if "-m inference " in line]
    return named + [span for span in spans(page) if re.match(r"(evaluate|train) [a-z]", span)]


@cache
def help_of(*command: str) -> str:
    """What ``--help`` prints. Raises AssertionError where there is no such command."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0, f"no command {' '.join(command)}"
    return printed.getvalue()


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_command_of_the_engine_exists_with_its_options(page: Path) -> None:
    for line in engine_commands(page):
        words = shlex.split(re.sub(r"[\[\]()|]", " ", line))
        command = words[:2] if words[0] in {"evaluate", "train"} else words[:1]
        known = help_of(*command) if "..." not in command else help_of(command[0])
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        assert unknown == [], line


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_management_command_exists(page: Path) -> None:
    named = {match for line in lines_of_code(page) for match in re.findall(r"manage\.py (\w+)", line)}
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {match for line in lines_of_code(page) for match in re.findall(r"^make (\w+)", line)}
    assert named - targets == set()


# --- lists that must be complete ------------------------------------------------------------------


def test_the_glossary_is_in_order_and_explains_each_word_once() -> None:
    terms = [term.casefold() for term in glossary()]
    assert terms == sorted(set(terms))


def test_types_that_the_glossary_names_exist() -> None:
    named = [span for span in spans(ROOT / "docs/glossary.md") if re.fullmatch(r"[A-Z]\w+", span)]
    assert [name for name in named if not re.search(rf"^class {name}\b", _sources(), re.MULTILINE)] == []


def glossary() -> list[str]:
    return re.findall(r"^- \*\*(.+?)\*\*:", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)


def test_the_index_of_decisions_has_the_title_and_a_status_for_each() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text()
    for page in sorted((ROOT / "docs/decisions").glob("0*.md")):
        row = next(line for line in index.splitlines() if f"({page.name})" in line)
        assert re.search(r"accepted|superseded", row), row
        assert re.search(r"^Date: \d{4}-\d\d-\d\d.* Status", page.read_text(), re.MULTILINE), page.name


def diagram(kind: str) -> set[tuple[str, str]]:
    """The moves of a block of the architecture's page: ``from -> to | to``."""
    block = re.search(rf"```{kind}\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL)
    assert block is not None
    lines = [line.split("->") for line in block[1].splitlines()]
    return {(start.strip(), end.strip()) for start, ends in lines for end in ends.split("|")}


def test_the_states_of_the_architecture_are_those_of_the_tables() -> None:
    assert diagram("states") == set(MOVES)
    assert diagram("job states") == set(JOB_MOVES)


def entities() -> dict[str, set[str]]:
    """Of the data model's diagram: by name of the entity its attributes."""
    page = (ROOT / "docs/data-model.md").read_text()
    return {name: set(re.findall(r"^ +\w+ (\w+)", body, re.MULTILINE)) for name, body in ENTITY.findall(page)}


def test_the_data_model_shows_every_table_and_no_field_that_is_not_there() -> None:
    models = {model.__name__: model for app in ("accounts", "worklist", "reader") for model in named_models(app)}
    assert set(entities()) == set(models)
    for name, attributes in entities().items():
        fields = {field.name for field in models[name]._meta.get_fields()}
        assert attributes <= fields, name


def named_models(app: str) -> list[type]:
    return [model for model in apps.get_app_config(app).get_models() if not model._meta.proxy]
