"""Snippets to start from, one or more a language, and the box to type another in."""

import streamlit as st

EXAMPLES: dict[str, dict[str, str]] = {
    "python": {
        "Maximum": (
            "def maximum(values):\n"
            "    best = values[0]\n"
            "    for value in values:\n"
            "        if value > best:\n"
            "            best = value\n"
            "    return best\n"
        ),
        "Running mean": (
            "def running_mean(values, width):\n"
            "    total = 0.0\n"
            "    for i, value in enumerate(values):\n"
            "        total += value\n"
            "        if i >= width:\n"
            "            total -= values[i - width]\n"
            "            yield total / width\n"
        ),
        "Read a table": (
            "def read_table(path, sep=','):\n"
            "    with open(path) as lines:\n"
            "        head = next(lines).strip().split(sep)\n"
            "        return [dict(zip(head, line.strip().split(sep))) for line in lines]\n"
        ),
        "Nested calls": "def outermost(x):\n    return f(g(x, h(1)), k=[a[i] for i in range(n)])\n",
    },
    "javascript": {
        "Debounce": (
            "function debounce(fn, wait) {\n"
            "  let timer = null;\n"
            "  return (...args) => {\n"
            "    clearTimeout(timer);\n"
            "    timer = setTimeout(() => fn(...args), wait);\n"
            "  };\n"
            "}\n"
        ),
    },
    "typescript": {
        "Group by": (
            "function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {\n"
            "  const groups = new Map<string, T[]>();\n"
            "  for (const item of items) {\n"
            "    const name = key(item);\n"
            "    groups.set(name, [...(groups.get(name) ?? []), item]);\n"
            "  }\n"
            "  return groups;\n"
            "}\n"
        ),
    },
    "go": {
        "Sum": (
            "func Sum(values []int) int {\n"
            "\ttotal := 0\n"
            "\tfor _, value := range values {\n"
            "\t\ttotal += value\n"
            "\t}\n"
            "\treturn total\n"
            "}\n"
        ),
    },
    "java": {
        "Maximum": (
            "static int max(int[] values) {\n"
            "    int best = Integer.MIN_VALUE;\n"
            "    for (int value : values) {\n"
            "        if (value > best) {\n"
            "            best = value;\n"
            "        }\n"
            "    }\n"
            "    return best;\n"
            "}\n"
        ),
    },
    "c": {
        "String length": (
            "size_t length(const char *text) {\n"
            "    const char *end = text;\n"
            "    while (*end != '\\0') {\n"
            "        end++;\n"
            "    }\n"
            "    return end - text;\n"
            "}\n"
        ),
    },
    "cpp": {
        "Contains": (
            "bool contains(const std::vector<int> &values, int wanted) {\n"
            "    for (const auto &value : values) {\n"
            "        if (value == wanted) return true;\n"
            "    }\n"
            "    return false;\n"
            "}\n"
        ),
    },
    "rust": {
        "Mean": (
            "fn mean(values: &[f64]) -> Option<f64> {\n"
            "    if values.is_empty() {\n"
            "        return None;\n"
            "    }\n"
            "    let total: f64 = values.iter().sum();\n"
            "    Some(total / values.len() as f64)\n"
            "}\n"
        ),
    },
    "ruby": {
        "Count words": (
            "def count_words(text)\n"
            "  counts = Hash.new(0)\n"
            "  text.split.each { |word| counts[word.downcase] += 1 }\n"
            "  counts\n"
            "end\n"
        ),
    },
    "php": {
        "Slug": (
            "function slug($title, $limit = 40) {\n"
            "    $words = explode(' ', strtolower(trim($title)));\n"
            "    return substr(implode('-', $words), 0, $limit);\n"
            "}\n"
        ),
    },
    "csharp": {
        "Clamp": (
            "static int Clamp(int value, int low, int high)\n"
            "{\n"
            "    if (value < low) return low;\n"
            "    return value > high ? high : value;\n"
            "}\n"
        ),
    },
}


# columns of code line up only in a fixed-width face, which a text box cannot be given in the theme
_MONOSPACE = (
    "<style>.st-key-snippet_code textarea {font-family: 'Source Code Pro', monospace; font-size: 0.85rem}</style>"
)


def example(language: str) -> str:
    """Draw the list of examples in a language; return the chosen one's name."""
    return st.selectbox("Start from", [*EXAMPLES.get(language, {}), "Nothing"], key=f"example_{language}")


def code(language: str, example: str) -> str:
    """Draw the box that starts with an example's text; return what is in it."""
    st.html(_MONOSPACE)
    with st.container(key="snippet_code"):
        text = EXAMPLES.get(language, {}).get(example, "")
        # one box an example: choosing another starts from its text, and coming back finds what was typed
        key = f"code_{language}_{example}"
        return st.text_area("Code", value=text, height=200, key=key, persist_state="page") or ""
