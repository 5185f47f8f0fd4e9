"""What the tests of the Models page share: where it is, what it says, and how a model is chosen on it."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

PAGE = "pages/Models.py"
Open = Callable[..., AppTest]
HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r] :material/bolt: $x^2$ [a](javascript:alert(2)) `c`"


def says(at: AppTest) -> str:
    """Everything alerts and captions say, backslashes of the escaping aside."""
    shown = [*at.success, *at.error, *at.warning, *at.info, *at.caption, *at.main.markdown]
    return "\n".join(a.value for a in shown).replace("\\", "").replace("\u2060", "")


def pick(at: AppTest, name: str) -> AppTest:
    box = at.selectbox(key="size_model")
    box.options.append(name)  # typed: this kind of test knows listed options only
    return box.set_value(name).run()
