from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.taxonomy import DenialCategory
from data_pipeline.generator.families import FAMILIES
from data_pipeline.generator.figures import Figures
from data_pipeline.generator.grammar import Choice, Mark, Page, Slot, TemplateError
from data_pipeline.generator.grammar import compile_template as read
from data_pipeline.generator.phrases import Register, phrases


def page(seed=0, **values):
    random = Random(seed)
    figures = Figures(FAMILIES[0].styles, today=date(2025, 6, 1), random=random)
    return Page(values=values, figures=figures, random=random)


def written(template, *, seeds=60, **values):
    texts = set()
    for seed in range(seeds):
        sheet = page(seed, **values)
        sheet.expand(template)
        texts.add(sheet.text)
    return texts


def test_a_template_without_brackets_is_its_text():
    assert written("as it stands") == {"as it stands"}


def test_every_alternative_is_written_and_no_other_text():
    assert written("[a|b|] [c|d[e|]]") == {
        f"{x} {y}" for x in ("a", "b", "") for y in ("c", "d", "de")
    }


def test_a_slot_is_filled_and_a_counted_noun_agrees_with_its_number():
    assert written("{name}", name="Alder") == {"Alder"}
    assert written("{n_count:line}", n_count=1) <= {"1 line", "one line"}
    assert written("{n_count:line}", n_count=3) <= {"3 lines", "three lines"}


def test_a_mark_knows_where_it_stands_whatever_was_chosen_before_it():
    for seed in range(40):
        sheet = page(seed, back_ratio=0.5)
        sheet.write("before ")
        sheet.expand("[short|something longer] <O:[dti |]{back_ratio}> after", subject="capacity")
        (mark,) = sheet.marks
        quote = sheet.text[mark.start : mark.end]
        assert (mark.category, mark.subject) == (DenialCategory.EXCESSIVE_OBLIGATIONS, "capacity")
        assert quote.removeprefix("dti ").startswith("50")
        assert sheet.text[mark.end :] == " after"


@pytest.mark.parametrize("template", ["[a|b", "a]", "a|b", "{name", "<O:x", "<Z:x>", "<Ox>", "}"])
def test_a_template_that_does_not_close_is_refused_and_quoted(template):
    with pytest.raises(TemplateError, match="template"):
        read(template)


def test_a_slot_without_value_is_refused():
    with pytest.raises(KeyError):
        page().expand("{unknown}")


@given(st.text(alphabet="ab[]|<>:O{} ", max_size=30))
def test_reading_any_string_gives_a_template_or_a_template_error(source):
    try:
        read(source)
    except TemplateError:
        return


def nodes_of(nodes):
    for node in nodes:
        yield node
        if isinstance(node, Choice):
            for option in node.options:
                yield from nodes_of(option)
        elif isinstance(node, Mark):
            yield from nodes_of(node.nodes)


MARKED = {
    "front": "I", "back": "O", "amounts": "IO", "job": "E", "lates": "P", "depth": "L",
    "depth_none": "L", "inquiries": "Q", "value": "C", "repair": "C", "mileage": "C",
    "funds": "F", "proof": "V", "employment": "V", "residence": "V", "identity": "V",
    "references": "V", "papers": "M", "papers_list": "M", "address": "X", "stay": "X",
    "term": "X", "interest_only": "X", "deposit": "X", "business": "X", "insurance": "X",
}  # fmt: skip


@pytest.mark.parametrize("register", Register)
def test_every_register_says_every_fact_and_marks_what_carries_it(register):
    said = phrases(register)
    assert set(MARKED) <= set(said)
    letters = dict(zip("IOEPRLQCFVMX", DenialCategory, strict=True))
    for name, expected in MARKED.items():
        for template in said[name]:
            marks = {n.category for n in nodes_of(read(template)) if isinstance(n, Mark)}
            assert {letters[letter] for letter in expected} <= marks, template


WITHOUT_FIGURE = {"depth_none"}  # no credit file has no figure


@pytest.mark.parametrize("register", Register)
def test_a_marked_stretch_holds_the_value_that_carries_the_category(register):
    for name, templates in phrases(register).items():
        for node in (n for template in templates for n in nodes_of(read(template))):
            if isinstance(node, Mark) and name not in WITHOUT_FIGURE:
                assert any(isinstance(inside, Slot) for inside in nodes_of(node.nodes)), name
