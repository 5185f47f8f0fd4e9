"""Things that people have names for in code and in English, each as what the search for codes takes.

A concept is a pattern, so that every row of the table can be searched again by itself. Of a pattern with a group, the
group counts; leaves are those of the Python grammar, and are left out of a run whose texts are no code.
"""

from dataclasses import dataclass

from probes.codebooks.search import By, Part


@dataclass(frozen=True)
class Concept:
    """One thing with a name, and which tokens it means."""

    group: str
    name: str
    pattern: str
    by: By = "regex"
    part: Part = "every"


def _all(group: str, by: By = "regex", part: Part = "every", **patterns: str) -> tuple[Concept, ...]:
    """Return the concepts of a group; `_` in a name stands for a blank."""
    return tuple(
        Concept(group, name.replace("_", " ").strip(), pattern, by, part) for name, pattern in patterns.items()
    )


CONCEPTS: tuple[Concept, ...] = (
    *_all(
        "words of code",
        self_=r"\bself\b",
        cls_=r"\bcls\b",
        None_=r"\bNone\b",
        True_or_False=r"\b(?:True|False)\b",
        names_of_errors=r"\b[A-Z]\w*(?:Error|Exception|Warning)\b",
        built_in_functions=r"\b(?:len|isinstance|getattr|hasattr|setattr|type|str|int|list|dict|range|print)(?=\()",
    ),
    *_all(
        "words of code",
        "leaf",
        def_keyword="def",
        class_keyword="class",
        return_keyword="return",
        if_keyword="if",
        elif_keyword="elif",
        else_keyword="else",
        for_keyword="for",
        while_keyword="while",
        in_keyword="in",
        not_keyword="not",
        and_keyword="and",
        or_keyword="or",
        is_keyword="is",
        import_keyword="import",
        from_keyword="from",
        try_keyword="try",
        except_keyword="except",
        raise_keyword="raise",
        with_keyword="with",
        yield_keyword="yield",
        lambda_keyword="lambda",
        assert_keyword="assert",
    ),
    *_all(
        "brackets",
        opening_round=r"\(",
        closing_round=r"\)",
        opening_square=r"\[",
        closing_square=r"\]",
        opening_curly=r"\{",
        closing_curly=r"\}",
        empty_call=r"\(\)",
        any_opening=r"[(\[{]",
        any_closing=r"[)\]}]",
    ),
    *_all("marks", "leaf", dot_in_code=".", comma_in_code=",", colon_in_code=":", assignment="=", plus="+", arrow="->"),
    *_all(
        "marks",
        comparison=r"(?<![=!<>])(?:==|!=|<=|>=)(?!=)",
        augmented_assignment=r"[-+*/|&]=(?!=)",
        triple_quote='"""',
        hash_of_a_comment=r"(?m)^\s*(#)",
        full_stop_of_a_sentence=r"(?<=[a-z]{2})\.(?=\s+[A-Z]|\s*\n)",
        underscore_inside_a_name=r"(?<=[a-z])_(?=[a-z])",
        format_placeholder=r"%[srd]",
    ),
    *_all("strings and comments", "leaf", start_of_a_string="string_start", end_of_a_string="string_end"),
    *_all("strings and comments", "leaf", inside_a_string="string_content", inside_a_comment="comment"),
    *_all("strings and comments", "leaf", escape_sequence="escape_sequence"),
    *_all("strings and comments", inside_triple_quotes=r'(?s)"""(.*?)"""'),
    *_all(
        "layout",
        part="first",
        indentation_of_4=r"\n( {4})(?=\S)",
        indentation_of_8=r"\n( {8})(?=\S)",
        indentation_of_12=r"\n( {12})(?=\S)",
        indentation_of_16=r"\n( {16})(?=\S)",
        blank_line=r"\n[ \t]*\n",
        any_line_end=r"\n",
    ),
    *_all(
        "names",
        dunder_names=r"\b__[a-z]+__\b",
        capitalised_words=r"\b[A-Z][a-z]+\b",
        all_capitals=r"\b[A-Z][A-Z_]{2,}\b",
        name_being_defined=r"\bdef (\w+)",
        attribute_of_self=r"\bself\.(\w+)",
    ),
    *_all("names", "leaf", identifier="identifier"),
    *_all("numbers", any_digit=r"\d", zero=r"\b0\b", one=r"\b1\b", years=r"\b(?:19|20)\d\d\b"),
    *_all("numbers", "leaf", integers="integer"),
    *_all(
        "English",
        the=r"\b[Tt]he\b",
        articles=r"\b(?:[Tt]he|[Aa]n?)\b",
        of=r"\bof\b",
        to=r"\bto\b",
        forms_of_to_be=r"\b(?:is|are|was|were|be|been|being)\b(?! not None| None)",
        this_or_that=r"\b(?:[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose)\b",
        modal_verbs=r"\b(?:can|could|may|might|must|shall|should|will|would)\b",
        prepositions=r"(?<=[a-z] )(?:of|on|at|by|to|with|from|into)(?= [a-z]+ [a-z])",
        ing_forms=r"(?<=[a-z] )[a-z]{3,}ing(?= [a-z])",
        plural_nouns=r"(?<=[a-z] )[a-z]{3,}[^su\W]s(?=[ .,][a-z \n])",
        months=r"\b(?:January|February|March|April|June|July|August|September|October|November|December)\b",
    ),
)
"""In the order of the table: by group, then as they are written here."""
