"""What makes two texts the same, templates, and the estimate of tokens."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.prepare.lengths import estimate
from steps.runtime.errors import SettingsError
from steps.runtime.rows.template import compile_template
from steps.runtime.rows.text import fold, question_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
# Tokens of Llama 2's tokenizer, counted with it, for Article 1 of the Universal Declaration of Human
# Rights, and for code, figures and emoji.
COUNTED = {
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and"
    " conscience and should act towards one another in a spirit of brotherhood.": 36,
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et"
    " de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.": 52,
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều"
    " được tạo hóa ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình anh em.": 129,
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni"
    " rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.": 61,
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и"
    " совестью и должны поступать в отношении друг друга в духе братства.": 58,
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι"
    " προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα"
    " αδελφοσύνης.": 193,
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميراً وعليهم أن يعامل بعضهم"
    " بعضاً بروح الإخاء.": 109,
    "כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם"
    " לנהוג איש ברעהו ברוח של אחווה.": 127,
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और"
    " अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।": 205,
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม"
    " และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ": 137,
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。": 61,
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを"
    "授けられており、互いに同胞の精神をもって行動しなければならない。": 99,
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을"
    " 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.": 137,
    "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።": 114,
    "def f(x):\n    return {k: v**2 for k, v in x.items() if v > 10}\n\nprint(f({'a': 12, 'b': 3}))": 49,
    "In 1969-07-20, 3.14159 and 2,718,281 were 42% of 1,000,000 at 12:34:56; phone +1-555-0100.": 72,
    "😀😃🎉🚀 great job 👍👍 see you ❤️": 34,
}


@pytest.mark.parametrize("text", COUNTED, ids=lambda text: text[:8])
def test_the_estimate_is_within_its_declared_bounds(text: str) -> None:
    """In every script the estimate is within 30 % of what Llama 2's tokenizer counts."""
    assert 0.7 <= estimate(text) / COUNTED[text] <= 1.3


@given(text=st.text(st.characters(max_codepoint=126)))
def test_the_estimate_takes_the_short_way_for_ascii(text: str) -> None:
    """ASCII is weighed as the same text beside a letter of another script would be."""
    assert abs(estimate(text + "é") - estimate(text) - 1.25) <= 1


@given(text=TEXTS)
def test_unicode_form_case_and_space_make_no_difference(text: str) -> None:
    """A text folds as its composed, decomposed, spaced-out and case-folded forms do."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(f"  {text}\t\n") == fold(text)
    assert fold(fold(text).decode()) == fold(text)


@given(text=st.text(st.characters(max_codepoint=127)))
def test_the_short_way_folds_as_the_long_one(text: str) -> None:
    """ASCII text gives the bytes that it gives as part of other text."""
    assert fold(text + "é") == fold(text) + "é".encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is gold?", "what  is GOLD"),
        ("金是什么？", "金是什么"),
        ("सोना क्या है।", "सोना क्या है"),
        ("Qu’est-ce que l’or ?", "qu’est-ce que l’or"),
        ("Ｗhat is gold", "What is gold"),
    ],
)
def test_marks_at_the_ends_make_no_other_question(one: str, other: str) -> None:
    """A question is the same with or without its mark, in several scripts."""
    assert question_key(one) == question_key(other)


def test_a_question_of_marks_alone_stays_itself() -> None:
    """Where nothing else is left, the marks are the question."""
    assert question_key("?") != question_key("!")


def test_templates_fill_names_and_keep_everything_else() -> None:
    """Braces are doubled, percent signs and values with braces are text."""
    template = compile_template('100% of {{"q": "{question}"}}\n', "data.prompt", ["question"])
    assert template.fill({"question": "{answer} 5%"}) == '100% of {"q": "{answer} 5%"}\n'
    assert compile_template("50% {{}}", "data.prompt", []).fill({}) == "50% {}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{answer}", r'"data.prompt" uses \{answer\}, the columns have the names: context, question'),
        ("{question!r}", r"uses \{question\}"),
        ("{question", '"data.prompt" is not a template'),
        ("{}", r"uses \{\}"),
    ],
)
def test_a_template_that_cannot_be_filled_is_an_error(text: str, message: str) -> None:
    """Unknown names, conversions and single braces are refused with what is known."""
    with pytest.raises(SettingsError, match=message):
        compile_template(text, "data.prompt", ["question", "context"])
