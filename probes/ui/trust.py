"""What needs a person's word before a model loads: code of its own, weights in a pickle; and what is in memory."""

import time

import streamlit as st

from probes.errors import StrataError
from probes.models import catalogue, convert, fetch, presets, trust
from probes.models.choice import ReadsModel
from probes.models.trust import CodeRequest
from probes.ui.refusals import refuse
from probes.ui.text import plain

_LOOKED = "strata_code"
"""Where a session keeps the code it has looked at, by model and revision."""


def code(question: ReadsModel) -> None:
    """Show the code a model wants to run, in red, and take a person's word for it; nothing when it wants none.

    Of a folder it is seen at once. Of a hub model its configuration is fetched for this, so a person asks for it.
    """
    if question.model in catalogue.names() or question.model in presets.presets():
        return
    key = (question.model, question.revision)
    seen: dict[tuple[str, str | None], CodeRequest | None] = st.session_state.setdefault(_LOOKED, {})
    try:
        if fetch.own_folder(question.model) is not None:
            seen[key] = trust.pending(*key)
        elif st.button("Does it want to run code of its own?", key="code_look", icon=":material/policy:"):
            with st.spinner("Asking the hub for its configuration"):
                seen[key] = trust.pending(*key)
            if seen[key] is None:
                st.caption("It has no code of its own, or that code may run already.")
    except StrataError as error:
        if error.code == "E-REMOTE-CODE":  # of another repository: nobody can allow that
            refuse(error)
        return  # the verdict above has said everything else
    wanted = seen.get(key)
    if wanted is not None:
        _ask(wanted)


def _ask(wanted: CodeRequest) -> None:
    files = "\n".join(f"- {plain(name)}, {count:,} bytes" for name, count in wanted.files) or "- not known now"
    st.error(
        f"**{plain(wanted.repo)} wants to run its own code** at {plain(wanted.commit)}. It could do whatever you can: "
        f"read your files, send them away, change them.\n\n{files}",
        icon=":material/gpp_maybe:",
    )
    read = st.checkbox("I have read these files and trust them", key=f"code_read_{wanted.commit}")
    if st.button("Let this code run, at this commit only", key="code_grant", disabled=not read, type="primary"):
        trust.grant(wanted.repo, wanted.commit)
        st.rerun()


def granted() -> None:
    """List whose code may run, each with a button that takes the word back; nothing when there is none."""
    known = trust.grants()
    if not known:
        return
    with st.expander(f"Code that may run ({len(known)})", icon=":material/gpp_maybe:"):
        for i, grant in enumerate(known):
            with st.container(horizontal=True, vertical_alignment="center"):
                when = time.strftime("%d %b %Y, %H:%M", time.localtime(grant.since))
                st.markdown(f":red[{plain(grant.repo)}] at {plain(grant.commit)}, since {when}")
                if st.button("Take it back", key=f"code_revoke_{i}", type="tertiary"):
                    trust.revoke(grant.repo, grant.commit)
                    st.rerun()


def pickled(question: ReadsModel) -> None:
    """Offer to convert weights that exist only as a pickle, once; nothing for a model that needs no conversion."""
    if not _needs_conversion(question):
        return
    st.warning(
        "**Its weights are a pickle alone**, which can run any code when it is opened. Strata does not open it here: "
        "it is converted once to safetensors, in a process of its own without network, and every result will say so.",
        icon=":material/transform:",
    )
    if st.button("Convert it once", key="convert", icon=":material/transform:"):
        try:
            with st.spinner("Converting, apart from everything else", show_time=True):
                made = convert.convert(question.model, question.revision)
        except StrataError as error:
            refuse(error)
            return
        st.success(plain(made.note), icon=":material/check_circle:")
        st.caption(plain(f"The process that read it had given up: {'; '.join(made.without)}."))


def _needs_conversion(question: ReadsModel) -> bool:
    """Tell without a network: by the list for a model of the papers, by its files for one on this machine."""
    preset = presets.presets().get(question.model)
    try:
        folder = fetch.own_folder(question.model)
    except StrataError:
        return False
    if folder is None and preset is not None:
        folder = presets.folder(preset.hub)
        if folder is None:
            return preset.weights == "bin" and not presets.obstacle(preset)
    if folder is None or not any(folder.glob("pytorch_model*.bin")):
        return False
    try:
        return not any(folder.glob("*.safetensors")) and convert.find(folder) is None
    except StrataError:
        return False
